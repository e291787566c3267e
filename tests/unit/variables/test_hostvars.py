"""The ``hostvars`` variable asks for a host's scope and renders a value only when one is used."""

from __future__ import annotations

import pytest

from provisioner.templating.errors import UndefinedVariable
from provisioner.templating.renderer import Renderer
from provisioner.variables.hostvars import HostVars
from provisioner.variables.scope import Layer, Level, NotYet, Scope


class Hosts:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.pending = {"later"}

    def scope(self, host: str) -> Scope:
        self.asked.append(host)
        values = {"port": 80, "url": f"http://{host}:{{{{ port }}}}/", "broken": "{{ nope }}"}
        pending = Layer(Level.SET_FACTS, "sent", pending=frozenset(self.pending))
        return Scope([Layer(Level.HOST_VARS_FILE, "hosts", values), pending])


@pytest.fixture
def hosts() -> Hosts:
    return Hosts()


def rendered(template: str, hosts: Hosts) -> object:
    renderer = Renderer()
    hostvars = HostVars(["web1", "web2"], hosts.scope, renderer)
    return renderer.render(template, Scope([Layer(Level.MAGIC, "magic", {"hostvars": hostvars}, rendered=True)]))


def test_a_value_of_another_host_is_rendered_with_that_hosts_variables(hosts: Hosts) -> None:
    assert rendered("{{ hostvars['web2'].url }}", hosts) == "http://web2:80/"
    assert hosts.asked == ["web2"]


def test_all_of_a_host_within_a_text_is_a_dictionary_as_far_as_it_can_be_rendered(hosts: Hosts) -> None:
    hosts.pending.clear()
    text = str(rendered("all: {{ hostvars['web2'] }}", hosts))
    assert text == "all: {'broken': '{{ nope }}', 'port': 80, 'url': 'http://web2:80/'}"


def test_a_host_that_is_not_there_is_undefined_and_said_so(hosts: Hosts) -> None:
    assert rendered("{{ hostvars.db1.url | default('none') }}", hosts) == "none"
    with pytest.raises(UndefinedVariable, match="the inventory has no such host"):
        rendered("{{ hostvars['db1'].url }}", hosts)


def test_a_value_that_needs_something_undefined_is_shown_as_it_is_written(hosts: Hosts) -> None:
    assert rendered("{{ hostvars.web1.broken | default('d') }}", hosts) == "{{ nope }}"
    assert rendered("{{ hostvars.web1.broken is defined }}", hosts) is True


def test_a_value_another_host_has_not_got_yet_is_not_undefined(hosts: Hosts) -> None:
    with pytest.raises(NotYet):
        rendered("{{ hostvars.web1.later | default('d') }}", hosts)


def test_hosts_can_be_looped_over_and_counted(hosts: Hosts) -> None:
    assert rendered("{% for host in hostvars %}{{ host }},{% endfor %}{{ hostvars | length }}", hosts) == "web1,web2,2"
    assert rendered("{{ hostvars.values() | map(attribute='port') }}", hosts) == [80, 80]
    assert rendered("{{ 'web1' in hostvars and 'url' in hostvars.web1 and 'x' not in hostvars.web1 }}", hosts) is True


def test_a_host_has_no_hostvars_of_its_own(hosts: Hosts) -> None:
    assert rendered("{{ hostvars.web1.hostvars is defined }}", hosts) is False
