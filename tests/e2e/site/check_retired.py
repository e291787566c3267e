"""A server whose site has been moved away keeps its data and takes no writes; run on that server."""

import json


def test_the_site_is_closed_for_writes_in_the_application_and_in_the_database(host):
    assert host.check_output("site-writes status") == "frozen"
    head = host.check_output(
        "curl --silent --output /dev/null --dump-header - --max-time 5 "
        """--data '{"title": "too late", "body": "too late"}' http://127.0.0.1/items"""
    )
    assert " 503 " in head.splitlines()[0]


def test_the_data_are_still_there(host):
    fingerprint = json.loads(host.check_output("site-fingerprint"))
    assert fingerprint["tables"]["items"]["rows"] >= 5000
    assert fingerprint["files"]["count"] >= 200


def test_nobody_can_log_in_with_the_migration_key_any_more(host):
    assert not host.file("/var/lib/site-migration/.ssh/authorized_keys").exists
