"""Variables and groups made from others; the expected values were compared with ansible-inventory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.diagnostics.diagnostic import Findings
from provisioner.loading.variables import host_variables
from provisioner.model.inventory import Inventory

Write = Callable[[dict[str, str]], Path]
Good = Callable[..., Inventory]
Load = Callable[..., tuple[Inventory, Findings]]

BASE = """\
all:
  hosts:
    h1: {i: 5, s: "a-b c", l: [x, "", "y-z"], d: {k: v, e: "", n: 1}, em: "", nn: null, n5: "5x"}
    h2: {s: plain}
  children:
    prod: {hosts: {h2: {}}, vars: {env: production}}
"""


@pytest.fixture
def constructed(write: Write, good: Good) -> Callable[..., Inventory]:
    def load_constructed(text: str, **given: object) -> Inventory:
        write({"base.yml": BASE, "c.yml": f"plugin: constructed\n{text}"})
        return good("base.yml", "c.yml", **given)

    return load_constructed


def made(inventory: Inventory) -> dict[str, tuple[str, ...]]:
    """Return the hosts of the groups that were made."""
    return {name: group.hosts for name, group in inventory.groups.items() if name not in ("all", "ungrouped", "prod")}


def test_compose_sets_what_each_expression_yields(constructed: Callable[..., Inventory]) -> None:
    inventory = constructed(
        "compose: {b: s | upper, c: missing, g: group_names, k: env | default('none'), n: '[i, s]', z: b ~ 1,\n"
        "  w: inventory_hostname_short ~ (inventory_dir is defined), q: groups is defined}\n"
    )
    own = inventory.hosts["h1"].vars
    assert {key: own.get(key, "absent") for key in ("b", "c", "g", "k", "n", "z", "w", "q")} == {
        "b": "A-B C", "c": "absent", "g": [], "k": "none", "n": [5, "a-b c"], "z": "absent", "w": "h1True",
        "q": False,
    }  # fmt: skip
    assert (inventory.hosts["h2"].vars["k"], inventory.hosts["h2"].vars["g"]) == ("production", ["prod"])


def test_groups_take_hosts_that_meet_a_condition_under_safe_names(constructed: Callable[..., Inventory]) -> None:
    text = "groups: {yes-grp: i is defined, bad: nope == 1, env_g: env == 'production', 1a: true, never: false}\n"
    assert made(constructed(text)) == {"yes_grp": ("h1",), "env_g": ("h2",), "_a": ("h1", "h2")}


@pytest.mark.parametrize(
    ("entry", "groups"),
    [
        ("{key: n5}", {"_5x": ("h1",)}),
        ("{key: n5, separator: ''}", {"_x": ("h1",)}),
        ("{key: s, prefix: pre, separator: '-', parent_group: 'par-{{ inventory_hostname }}'}",
         {"pre_a_b_c": ("h1",), "par_h1": (), "pre_plain": ("h2",), "par_h2": ()}),
        ("{key: l, prefix: l}", {"l_x": ("h1",), "l_": ("h1",), "l_y_z": ("h1",)}),
        ("{key: l, prefix: l, default_value: none}", {"l_x": ("h1",), "l_none": ("h1",), "l_y_z": ("h1",)}),
        ("{key: d, prefix: d}", {"d_k_v": ("h1",), "d_e_": ("h1",), "d_n_1": ("h1",)}),
        ("{key: d, prefix: d, trailing_separator: false}", {"d_k_v": ("h1",), "d_e": ("h1",), "d_n_1": ("h1",)}),
        ("{key: d, prefix: d, default_value: z}", {"d_k_v": ("h1",), "d_e_z": ("h1",), "d_n_1": ("h1",)}),
        ("{key: em, prefix: em, default_value: dflt}", {"em_dflt": ("h1",)}),
        ("{key: em, prefix: em}", {}),
        ("{key: nn, prefix: nn}", {}),
        ("{key: missing, prefix: m}", {}),
    ],
)  # fmt: skip
def test_keyed_groups_are_named_after_values(
    constructed: Callable[..., Inventory], entry: str, groups: dict[str, tuple[str, ...]]
) -> None:
    assert made(constructed(f"keyed_groups: [{entry}]\n")) == groups


def test_without_a_leading_separator_only_what_has_no_prefix_differs(constructed: Callable[..., Inventory]) -> None:
    text = "leading_separator: false\nkeyed_groups: [{key: d}, {key: s, separator: xx}, {key: n5, prefix: p}]\n"
    assert list(made(constructed(text))) == ["k_v", "e_", "n_1", "a_b_c", "p_5x", "plain"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("strict: true\ncompose: {c: missing}\n", "Could not set c for host h1: 'missing' is undefined"),
        ("strict: true\ngroups: {x: nope}\n", "Could not add host h1 to group x: 'nope' is undefined"),
        ("strict: true\nkeyed_groups: [{key: nope}]\n", "Could not generate group for host h1 from nope entry"),
        ("strict: true\nkeyed_groups: [{key: em}]\n", "No key or key resulted empty for em in host h1, invalid entry"),
        ("keyed_groups: [{key: i}]\n", "Invalid group name format, expected a string or a list of them or dictionary"),
        (
            "keyed_groups: [{key: s, default_value: x, trailing_separator: false}]\n",
            "parameters are mutually exclusive",
        ),
        ("keyed_groups: {key: s}\n", "'keyed_groups' must be a list of mappings, not a mapping"),
        ("keyed_groups: [{key: s, seperator: x}]\n", "keyed_groups has no 'seperator'"),
        ("strict: perhaps\n", "'strict' must be yes or no"),
        ("compose: [a]\n", "'compose' must be a mapping, not a list"),
    ],
)
def test_a_mistake_leaves_the_source_out_and_is_said(write: Write, load: Load, text: str, said: str) -> None:
    write({"base.yml": BASE, "c.yml": f"plugin: ansible.builtin.constructed\n{text}"})
    inventory, findings = load("base.yml", "c.yml")
    assert set(inventory.hosts) == {"h1", "h2"}
    assert said in findings.warnings[0].summary
    assert "Unable to parse c.yml as an inventory source" in findings.warnings[-1].summary


def test_extra_variables_and_cached_facts_count_where_asked_for(constructed: Callable[..., Inventory]) -> None:
    text = "compose: {e: \"'hello' + from_extras\", f: ansible_distribution}\n"
    facts = {"h2": {"ansible_distribution": "Debian"}}
    extra = {"from_extras": "hey"}
    plain = constructed(text, cached_facts=lambda host: facts.get(host, {}), extra=extra)
    assert "e" not in plain.hosts["h1"].vars
    assert plain.hosts["h2"].vars["f"] == "Debian"
    assert constructed("use_extra_vars: true\n" + text, extra=extra).hosts["h1"].vars["e"] == "hellohey"
    assert constructed(text, extra=extra, uses_extra_vars=True).hosts["h1"].vars["e"] == "hellohey"


def test_files_of_variables_count_where_asked_for(write: Write, good: Good) -> None:
    write({
        "1/one.yml": "all: {children: {stuff: {hosts: {testing: }}}}\n", "1/group_vars/stuff.yml": "iam: here\n",
        "1/host_vars/testing.yml": "hola: lola\n",
        "2/c.yml": "plugin: constructed\nuse_vars_plugins: true\n"
                   "keyed_groups: [{key: iam, prefix: c}, {key: hola, prefix: c}]\n",
        "2/d.yml": "plugin: constructed\nkeyed_groups: [{key: iam, prefix: x}]\n",
    })  # fmt: skip
    inventory = good("1/one.yml", "2/c.yml", "2/d.yml")
    assert inventory.groups["c_lola"].hosts == inventory.groups["c_here"].hosts == ("testing",)
    assert "x_here" not in inventory.groups


def test_a_group_that_gets_a_parent_gives_its_hosts_the_parents_variables(write: Write, good: Good) -> None:
    base = "all: {children: {web: {hosts: {a: {}, b: {}}}, top: {vars: {v: 1}}}}\n"
    text = "plugin: constructed\nkeyed_groups: [{key: \"'web'\", separator: '', parent_group: top}]\ncompose: {w: v}\n"
    write({"base.yml": base, "c.yml": text})
    inventory = good("base.yml", "c.yml")
    assert ["w" in inventory.hosts[name].vars for name in ("a", "b")] == [False, True]
    assert [layer.values for layer in host_variables(inventory, "a") if "v" in layer.values] == [{"v": 1}]


def test_another_plugins_file_is_not_mine(write: Write, load: Load) -> None:
    write({"c.yml": "plugin: generator\nhosts: {name: x}\nlayers: {}\n"})
    inventory, findings = load("c.yml", enabled=("constructed",))
    assert not inventory.hosts
    assert "Incorrect plugin name in file: generator" in findings.warnings[0].summary
