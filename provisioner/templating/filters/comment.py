"""Makes comments of text: in the style of a language, with a frame."""

from __future__ import annotations

STYLES = {
    "plain": {"decoration": "# "},
    "erlang": {"decoration": "% "},
    "c": {"decoration": "// "},
    "cblock": {"beginning": "/*", "decoration": " * ", "end": " */"},
    "xml": {"beginning": "<!--", "decoration": " - ", "end": "-->"},
}


def comment(text: str, style: str = "plain", **changes: object) -> str:
    r"""Return ``text`` as a comment; options replace parts of the style.

    Options: decoration, beginning, end, newline, prefix, prefix_count, postfix, postfix_count.

    >>> print(comment("Ansible managed"))
    #
    # Ansible managed
    #
    >>> print(comment("one\n\ntwo", "c", prefix_count=0, postfix_count=0))
    // one
    //
    // two
    """
    if style not in STYLES:
        raise ValueError(f"comment: there is no style '{style}'; there are {', '.join(STYLES)}")
    parts: dict[str, object] = {"beginning": "", "end": "", "newline": "\n", "prefix_count": 1, "postfix_count": 1}
    parts.update(STYLES[style])
    parts["prefix"] = parts["postfix"] = str(parts["decoration"]).rstrip()
    if "decoration" in changes:
        parts["prefix"] = parts["postfix"] = str(changes["decoration"]).rstrip()
    parts.update(changes)
    newline, decoration = str(parts["newline"]), str(parts["decoration"])
    *inner, last_line = str(text).split(newline) if newline else [str(text)]
    lines = [decoration + line if line else decoration.rstrip() for line in inner] + [decoration + last_line]
    prefix = str(parts["prefix"])
    before = (f"{prefix}{newline}" if prefix and prefix != newline else prefix) * int(str(parts["prefix_count"]))
    after = f"{newline}{parts['postfix']}" * int(str(parts["postfix_count"]))
    first = f"{parts['beginning']}{newline}" if parts["beginning"] else ""
    last = f"{newline}{parts['end']}" if parts["end"] else ""
    return first + before + newline.join(lines) + after + last
