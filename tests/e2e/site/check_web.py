"""A web server of the site is what its roles say; run on that server. Holds for an open and for a closed site."""

import json

APP = "http://127.0.0.1:8000"


def body(host, url):
    answer = host.run(f"curl --silent --show-error --fail --max-time 5 {url}")
    assert answer.rc == 0, answer.stderr
    return answer.stdout


def test_the_packages_are_installed(host):
    for name in ("nginx", "gunicorn", "python3-psycopg2", "rsync"):
        assert host.package(name).is_installed, name


def test_the_services_run_now_and_after_a_boot(host):
    for name in ("postgresql", "site-app", "nginx"):
        service = host.service(name)
        assert service.is_running, name
        assert service.is_enabled, name


def test_the_application_listens_on_this_host_only_and_the_database_lets_nobody_else_in(host):
    assert host.socket("tcp://127.0.0.1:8000").is_listening
    assert not host.socket("tcp://0.0.0.0:8000").is_listening
    assert host.socket("tcp://127.0.0.1:5432").is_listening
    stranger = host.run("psql -w -h $(hostname -I | cut -d' ' -f1) -U site site -c 'select 1'")
    assert stranger.rc != 0
    assert "no pg_hba.conf entry" in stranger.stderr


def test_the_configuration_with_the_password_is_not_for_everyone(host):
    file = host.file("/etc/site/app.ini")
    assert (file.user, file.group, file.mode) == ("root", "site", 0o640)


def test_the_health_page_and_the_switch_for_writes_agree(host):
    health = json.loads(body(host, f"{APP}/healthz"))
    assert health["status"] == "ok"
    assert health["frozen"] == health["database_read_only"]
    assert host.check_output("site-writes status") == ("frozen" if health["frozen"] else "open")


def test_the_page_shows_as_many_items_as_the_database_holds(host):
    fingerprint = json.loads(host.check_output("site-fingerprint"))
    page = body(host, "http://127.0.0.1/")
    shown = int(page.split('id="count">')[1].split("<")[0])
    assert shown >= fingerprint["tables"]["items"]["rows"]


def test_an_upload_is_served_as_it_lies_on_disk(host):
    path = host.check_output("find /var/lib/site/uploads -type f -name '*.txt' | sort | head -n 1")
    if not path:
        assert json.loads(body(host, f"{APP}/healthz"))["items"] == 0, "there are items, but no uploads"
        return
    served = body(host, f"http://127.0.0.1/uploads/{path.removeprefix('/var/lib/site/uploads/')}")
    assert served.strip() == host.file(path).content_string.strip()
