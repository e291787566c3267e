"""Secrets in lines of configuration are hidden; ordinary words that look alike are not."""

from __future__ import annotations

import pytest

from provisioner.discovery.sections import MASK, Sections, masked


@pytest.mark.parametrize(
    "line",
    [
        "mysqldump -u root -pHUNTER2 shop > /backup/shop.sql",
        "mysqldump --password=HUNTER2 shop",
        "curl -u backup:HUNTER2 https://example.com/",
        "curl -H 'Authorization: Bearer HUNTER2' https://example.com/",
        "rsync rsync://backup:HUNTER2@example.com/data /data",
        "PGPASSWORD=HUNTER2 pg_dump shop",
        "API_KEY='HUNTER2' /usr/local/bin/report",
        "redis-cli -a HUNTER2 save",
        "/usr/local/bin/report --token HUNTER2",
        "db.password: HUNTER2",
        "deb https://jo:HUNTER2@packages.example.com/debian stable main",
        "sshpass -p HUNTER2 ssh host",
    ],
)
def test_a_secret_is_hidden_and_the_rest_of_the_line_stays(line: str) -> None:
    found = masked(line)
    assert "HUNTER2" not in found
    assert MASK in found
    assert found.split()[0].partition("=")[0].partition(":")[0] in line


@pytest.mark.parametrize(
    "line",
    [
        "passwd:         files systemd",
        "ops ALL=(ALL:ALL) NOPASSWD: ALL",
        "test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }",
        "mkdir -p /var/backups",
        "deb http://deb.example.org/debian bookworm main",
        "rsync -a -p /srv/data/ backup:/srv/data/",
        "tar -czf /backup/etc.tar.gz /etc",
    ],
)
def test_ordinary_lines_stay_as_they_are(line: str) -> None:
    assert masked(line) == line


def test_sections_are_read_as_lines_rows_pairs_and_blocks() -> None:
    said = Sections({"a": "x\ty\n\nbad\n1\t2\t3\n", "b": "K=v = w\nno\n", "c": "Id=1\nA=x\n\n\nId=2\n"})
    assert list(said.lines("a")) == ["x\ty", "bad", "1\t2\t3"]
    assert list(said.rows("a", 2)) == [["x", "y"], ["1", "2\t3"]]
    assert said.pairs("b") == {"K": "v = w"}
    assert list(said.blocks("c")) == [{"Id": "1", "A": "x"}, {"Id": "2"}]
    assert "a" in said
    assert "z" not in said
    assert said.text("z") == ""
