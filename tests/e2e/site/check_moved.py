"""After the switch and before the target is opened the site is complete; run on the balancer."""

import json


def test_the_site_is_served_by_the_target_with_all_its_rows_and_closed_for_writes(host):
    expected = json.loads(host.file("/var/lib/site-expected.json").content_string)
    health = json.loads(host.check_output("curl --silent --fail --max-time 5 http://127.0.0.1/healthz"))
    assert health["server"] == expected["server"]
    assert health["items"] == expected["data"]["tables"]["items"]["rows"]
    assert health["frozen"]
    assert health["database_read_only"]


def test_writes_are_refused_with_a_time_to_come_back(host):
    head = host.check_output(
        "curl --silent --output /dev/null --dump-header - --max-time 5 "
        """--data '{"title": "too early", "body": "too early"}' http://127.0.0.1/items"""
    ).lower()
    assert " 503 " in head.splitlines()[0]
    assert "retry-after:" in head
