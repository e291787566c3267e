"""The balancer sends all visitors to the one server it is meant to; run on the balancer."""

import csv
import json

SITE = "http://127.0.0.1"


def answer(host, path):
    result = host.run(f"curl --silent --show-error --fail --max-time 5 {SITE}{path}")
    assert result.rc == 0, f"{path}: {result.stderr}"
    return result.stdout


def states(host):
    text = host.check_output("echo 'show stat' | socat -t5 - UNIX-CONNECT:/run/haproxy/admin.sock")
    rows = csv.DictReader(text.removeprefix("# ").splitlines())
    return {row["svname"]: row["status"] for row in rows if row["pxname"] == "site" and row["svname"] != "BACKEND"}


def active(host):
    return host.file("/etc/haproxy/active-server").content_string.strip()


def test_the_balancer_runs_now_and_after_a_boot(host):
    assert host.service("haproxy").is_running
    assert host.service("haproxy").is_enabled
    assert host.socket("tcp://0.0.0.0:80").is_listening


def test_exactly_the_active_server_is_in_service(host):
    found = states(host)
    assert found[active(host)].startswith("UP"), found  # "UP 1/3" while checks are being counted
    assert {name for name, status in found.items() if status != "MAINT"} == {active(host)}, found


def test_the_configuration_names_the_same_active_server(host):
    lines = host.file("/etc/haproxy/haproxy.cfg").content_string.splitlines()
    servers = [line.split() for line in lines if line.strip().startswith("server ")]
    assert [words[1] for words in servers if "disabled" not in words] == [active(host)]


def test_the_health_page_comes_from_the_active_server(host):
    health = json.loads(answer(host, "/healthz"))
    assert (health["status"], health["server"]) == ("ok", active(host))


def test_page_list_item_and_upload_are_served(host):
    assert "<h1>Demo site</h1>" in answer(host, "/")
    newest = json.loads(answer(host, "/items?limit=1000"))["items"]
    assert len(newest) == 1000
    assert json.loads(answer(host, f"/items/{newest[0]['id']}"))["token"] == newest[0]["token"]
    first = json.loads(answer(host, "/items/1"))
    assert "Upload number 0" in answer(host, f"/uploads/{first['file']}")
