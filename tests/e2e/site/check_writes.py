"""The site takes writes through the balancer and serves them at once; run on the balancer."""

import json
import uuid


def test_a_written_item_is_served_with_its_file(host):
    token = str(uuid.uuid4())
    body = json.dumps({"title": "Check", "body": f"Check {token}", "token": token})
    written = json.loads(host.check_output(f"curl --silent --fail --max-time 5 --data '{body}' http://127.0.0.1/items"))
    assert written["token"] == token
    row = json.loads(host.check_output(f"curl --silent --fail --max-time 5 http://127.0.0.1/items/{written['id']}"))
    assert row["sha256"] == written["sha256"]
    file = host.check_output(f"curl --silent --fail --max-time 5 http://127.0.0.1/uploads/{written['file']}")
    assert file == f"Check {token}"
