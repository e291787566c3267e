"""A vars plugin that comes with a role."""


class VarsModule:
    def get_vars(self, loader, path, entities, cache=True):
        kind = type(entities[0]).__name__
        own = {"plugged_group": "a group's"} if kind == "Group" else {"plugged": entities[0].name}
        return {"plugged_default": f"of {kind}", **own}
