"""What readers make of the answers of tools, old and new."""

from __future__ import annotations

import subprocess
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from provisioner.discovery.probing import scope_module
from provisioner.discovery.sections import Finding, Sections
from provisioner.discovery.snapshot import Item


def read(scope: str, **sections: str) -> Finding:
    """Return what a scope's reader finds; names of sections have blanks for underscores at the end."""
    texts = {name: textwrap.dedent(text) for name, text in sections.items()}
    found: Finding = scope_module(scope).read(Sections(texts))
    return found


def read_named(scope: str, sections: dict[str, str]) -> dict[str, Item]:
    found: Finding = scope_module(scope).read(Sections({key: textwrap.dedent(text) for key, text in sections.items()}))
    return found.items


def test_dpkg_packages_have_version_origin_hold_and_whether_they_came_along() -> None:
    found = read(
        "packages",
        dpkg="nginx\t1.22-9\tamd64\thi \nlibc6\t2.36\tamd64\tii \nlibc6\t2.36\ti386\tii \ngone\t1\tall\trc \n"
             "half\t1\tall\tiU \ntool\t1.0\tall\tii \n",
        native="amd64",
        automatic="libc6\tamd64\ntool\tamd64\n",
        origins="nginx/stable,now 1.22-9 amd64 [installed,upgradable to: 1.23]\ntool/now 1.0 all [installed,local]\n",
    )  # fmt: skip
    assert sorted(found.items) == ["half", "libc6", "libc6:i386", "nginx", "tool"]
    assert found.items["nginx"] == {"format": "dpkg", "version": "1.22-9", "architecture": "amd64", "held": True,
                                    "automatic": False, "origin": "stable"}  # fmt: skip
    assert [found.items[name]["automatic"] for name in ("libc6", "libc6:i386", "tool")] == [True, False, True]
    assert found.items["tool"]["origin"] == "local"
    assert found.measured["upgradable"] == ["nginx"]
    assert found.partly == ["not whole: half (iU)"]


def test_rpm_packages_have_epoch_and_vendor_and_kernels_are_one_item() -> None:
    items = read("packages", rpm="""\
        bash\t(none)\t5.1-2.el9\tx86_64\tAlmaLinux
        bind\t32\t9.16-1\tx86_64\t(none)
        kernel\t0\t5.14-1\tx86_64\tAlmaLinux
        kernel\t0\t5.14-2\tx86_64\tAlmaLinux
        gpg-pubkey\t(none)\t1-1\t(none)\t(none)
        """, user="bash\n", locks="bind-32:9.16-1.*\n").items  # fmt: skip
    assert {name: item["version"] for name, item in items.items()} == {
        "bash": "5.1-2.el9", "bind": "32:9.16-1", "kernel": "5.14-1 5.14-2"
    }  # fmt: skip
    assert (items["bash"]["automatic"], items["bind"]["automatic"], items["bind"]["held"]) == (False, True, True)


def test_apk_packages_know_what_was_asked_for() -> None:
    items = read("packages", apk="nginx\t1.24-r1\tx86_64\nmusl\t1.2\tx86_64\n", world="nginx>1.20 openssh\n").items
    assert (items["nginx"]["automatic"], items["musl"]["automatic"]) == (False, True)


def test_sources_of_packages_are_the_same_in_both_of_apts_formats() -> None:
    one = read_named("repositories", {"/etc/apt/sources.list": """\
        # comment
        deb [arch=amd64 signed-by=/k.gpg] http://deb.example.org/debian/ bookworm main contrib
        """})  # fmt: skip
    other = read_named("repositories", {"/etc/apt/sources.list.d/x.sources": """\
        Types: deb
        URIs: http://deb.example.org/debian/
        Suites: bookworm
        Components: main contrib
        Signed-By: /k.gpg
        """})  # fmt: skip
    key = "deb http://deb.example.org/debian bookworm main contrib"
    assert list(one) == list(other) == [key]
    assert one[key]["signed_by"] == other[key]["signed_by"] == "/k.gpg"
    assert one[key]["options"] == {"arch": "amd64"}


def test_yum_repositories_are_read_and_their_passwords_hidden() -> None:
    items = read_named("repositories", {"/etc/yum.repos.d/x.repo": """\
        [base]
        name=Base
        baseurl=https://jo:HUNTER2@example.com/el9/
        enabled=0
        gpgcheck=1
        [extras]
        metalink = https://example.com/metalink
        """})  # fmt: skip
    assert list(items) == ["[base] https://jo:********@example.com/el9/", "[extras] https://example.com/metalink"]
    assert [item["enabled"] for item in items.values()] == [False, True]


def test_changed_configuration_is_told_from_removed_and_unreadable() -> None:
    found = read(
        "configuration",
        dpkg="aaa\tnginx\t/etc/nginx/nginx.conf\nbbb\tnginx\t/etc/nginx/koi\nccc\tsudo\t/etc/secret\n",
        sums="xxx\t/etc/nginx/nginx.conf\n",
        there="root\troot\t644\t12\t/etc/nginx/nginx.conf\n",
        digests=f"{'a' * 64}  /etc/nginx/nginx.conf\n",
        exists="/etc/nginx/koi\n",
    )
    assert found.items["/etc/nginx/nginx.conf"] == {"package": "nginx", "state": "changed", "owner": "root",
                                                    "group": "root", "mode": "0644", "size": 12,
                                                    "sha256": "a" * 64}  # fmt: skip
    assert found.items["/etc/nginx/koi"]["state"] == "deleted"
    assert found.partly == ["1 configuration files could not be read, /etc/secret for one"]


def test_unmanaged_files_links_and_folders_are_read_and_derived_ones_left_out() -> None:
    found = read("files", unmanaged=(
        "directory\troot\troot\t755\t4096\t/opt/app\n"
        "regular file\tapp\tapp\t640\t33\t/opt/app/conf\n"
        "regular empty file\troot\troot\t644\t0\t/etc/environment\n"
        "symbolic link\troot\troot\t777\t9\t'/etc/x' -> '../y'\n"
        "regular file\troot\troot\t644\t9\t/etc/ld.so.cache\n"
        f"@{'b' * 64}  /opt/app/conf\n"
    ))  # fmt: skip
    assert sorted(found.items) == ["/etc/environment", "/etc/x", "/opt/app", "/opt/app/conf"]
    assert found.items["/opt/app/conf"]["sha256"] == "b" * 64
    assert found.items["/etc/x"]["target"] == "../y"
    assert found.items["/opt/app"] == {"kind": "directory", "owner": "root", "group": "root", "mode": "0755"}
    assert found.measured["counts"] == {"/etc": {"files": 1, "bytes": 0}, "/opt": {"files": 1, "bytes": 33}}


def test_users_have_groups_and_keys_are_only_fingerprints(tmp_path: Path) -> None:
    key = tmp_path / "k"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "jo laptop", "-f", str(key)], check=True)
    public = key.with_suffix(".pub").read_text(encoding="utf-8").strip()
    shown = subprocess.run(["ssh-keygen", "-lf", str(key)], check=True, capture_output=True, text=True).stdout.split()[
        1
    ]
    found = read(
        "users",
        passwd="root:x:0:0:root:/root:/bin/bash\napp:x:1500:1500:App,,,:/home/app:/bin/sh\n+::::::\n",
        group="root:x:0:\napp:x:1500:\nwww-data:x:33:app,root\n",
        password="root\tlocked\napp\tset\n",
        keys=f'app\tfrom="10.0.0.0/8",command="x --token HUNTER2" {public}\napp\tnot a key\n',
    )
    assert found.items["user:app"] == {"uid": 1500, "gid": 1500, "group": "app", "home": "/home/app",
                                       "shell": "/bin/sh",
                                       "comment": "App", "groups": ["www-data"], "password": "set"}  # fmt: skip
    assert found.items["group:www-data"] == {"gid": 33, "members": ["app", "root"]}
    item = found.items[f"key:app:{shown}"]
    assert item["comment"] == "jo laptop"
    assert "HUNTER2" not in str(found.items)
    assert public.split()[1] not in str(found.items)


def test_services_are_what_was_chosen_and_what_runs_not_what_comes_and_goes() -> None:
    found = read(
        "services",
        files="nginx.service enabled enabled\nrsync.service disabled enabled\napt-daily.service static -\n"
              "sshd.service alias -\nplain.service disabled disabled\n",
        units="""\
        Type=forking
        Id=nginx.service
        ActiveState=active
        SubState=running
        LoadState=loaded
        DropInPaths=/etc/systemd/system/nginx.service.d/x.conf /run/x.conf

        Type=oneshot
        Id=apt-daily.service
        ActiveState=active
        SubState=exited
        LoadState=loaded

        Id=ghost.service
        ActiveState=active
        SubState=running
        LoadState=not-found

        Id=broken.service
        ActiveState=failed
        LoadState=loaded
        """,
    )  # fmt: skip
    assert sorted(found.items) == ["broken.service", "nginx.service", "rsync.service"]
    assert found.items["nginx.service"]["running"] is True
    assert found.items["nginx.service"]["changed_by"] == ["/etc/systemd/system/nginx.service.d/x.conf"]
    assert found.items["broken.service"]["failed"] is True


def test_services_of_openrc_and_of_start_scripts_are_read() -> None:
    openrc = read("services", openrc="  nginx | default\n  off |\n", started=" nginx      [  started  00:10 ]\n").items
    assert openrc == {"nginx": {"enabled": "enabled", "running": True, "failed": False, "preset": ""}}
    scripts = read("services", scripts="nginx cron\n", links="S01nginx\nK01cron\n", processes="nginx\nsh\n").items
    assert list(scripts) == ["nginx"]


def test_crontabs_of_users_and_of_the_system_are_read_line_by_line() -> None:
    items = read_named("timers", {
        "system /etc/cron.d/x": "PATH=/bin\nMAILTO=ops@example.com\n# no\n10 2 * * *  root  mysqldump -pHUNTER2 x\n"
                                "@daily app /bin/y\n",
        "user /var/spool/cron/crontabs/app": "*/5 * * * * /bin/z  --all\n@reboot /bin/w\nnonsense\n",
    })  # fmt: skip
    assert sorted(items) == [
        "cron:app:/etc/cron.d/x:@daily /bin/y",
        "cron:app:/var/spool/cron/crontabs/app:*/5 * * * * /bin/z  --all",
        "cron:app:/var/spool/cron/crontabs/app:@reboot /bin/w",
        "cron:root:/etc/cron.d/x:10 2 * * * mysqldump -p******** x",
    ]
    job = items["cron:root:/etc/cron.d/x:10 2 * * * mysqldump -p******** x"]
    assert (job["has_secret"], job["environment"]) == (True, {"MAILTO": "ops@example.com"})


def test_timers_say_when_they_run() -> None:
    items = read(
        "timers",
        files="night.timer enabled enabled\noff.timer disabled enabled\n",
        timers="Unit=night.service\nTimersCalendar={ OnCalendar=*-*-* 04:00:00 ; next_elapse=Mon }\nTimersMonotonic=\n"
               "Id=night.timer\nLoadState=loaded\nActiveState=active\n",
    ).items  # fmt: skip
    assert items == {"night.timer": {"unit": "night.service", "when": ["OnCalendar=*-*-* 04:00:00"],
                                     "enabled": "enabled", "active": True}}  # fmt: skip


def test_mounts_are_real_ones_and_layers_of_containers_are_left_out() -> None:
    found = read(
        "mounts",
        mounts="proc /proc proc rw 0 0\noverlay / overlay rw,lowerdir=/a,upperdir=/b 0 0\n"
               "/dev/sda1 /srv/my\\040data ext4 rw,relatime 0 0\n//nas/x /mnt cifs rw,password=HUNTER2 0 0\n",
        fstab="# x\n/dev/sda1 /srv ext4 defaults,noatime 0 2\nUUID=1 none swap sw 0 0\n",
        sizes="Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 100 40 60 40% /srv/my data\n",
        inodes="Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/sda1 1000 10 990 1% /srv/my data\n",
    )  # fmt: skip
    assert sorted(found.items) == ["fstab:/srv", "fstab:swap:UUID=1", "mount:/", "mount:/mnt", "mount:/srv/my data"]
    assert found.items["mount:/"]["options"] == ["rw"]
    assert found.items["fstab:/srv"]["pass"] == 2
    assert "HUNTER2" not in str(found.items)
    assert found.measured["usage"] == {"/srv/my data": {"size": 102400, "used": 40960, "available": 61440,
                                                        "inodes": 1000, "inodes_used": 10}}  # fmt: skip


SS = """\
tcp   LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=10,fd=5),("nginx",pid=9,fd=5))
tcp   LISTEN 0 511 [::]:80 [::]:* users:(("nginx",pid=10,fd=6))
tcp   LISTEN 0 128 127.0.0.1:5432 0.0.0.0:* users:(("postgres",pid=20,fd=5))
tcp   LISTEN 0 128 10.0.0.5%eth0:8080 0.0.0.0:* users:(("java",pid=30,fd=5))
udp   UNCONN 0 0 0.0.0.0:45000 0.0.0.0:* users:(("client",pid=40,fd=5))
"""


def test_listening_ports_are_the_same_by_ss_netstat_and_the_kernels_tables() -> None:
    owners = "/proc/9\troot\n/proc/10\twww-data\n/proc/20\tpostgres\n/proc/30\tapp\n"
    programs = "9\tnginx\n10\tnginx\n20\tpostgres\n30\tjava\n"
    rest = {"own": "10.0.0.5\n", "range": "32768 60999\n", "owners": owners, "programs": programs}
    by_ss = read("ports", ss=SS, **rest).items
    assert by_ss == {
        "tcp *:80": {"programs": ["nginx"], "users": ["root", "www-data"]},
        "tcp 127.0.0.1:5432": {"programs": ["postgres"], "users": ["postgres"]},
        "tcp <own>:8080": {"programs": ["java"], "users": ["app"]},
    }
    by_netstat = read("ports", netstat="""\
        tcp        0      0 0.0.0.0:80      0.0.0.0:*   LISTEN   10/nginx: master
        tcp6       0      0 :::80           :::*        LISTEN   9/nginx: worker
        tcp        0      0 127.0.0.1:5432  0.0.0.0:*   LISTEN   20/postgres
        tcp        0      0 10.0.0.5:8080   0.0.0.0:*   LISTEN   30/java
        udp        0      0 0.0.0.0:45000   0.0.0.0:*            40/client
        """, **rest).items  # fmt: skip
    assert by_netstat == by_ss
    zeros = "00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0"
    kernel = (
        f"tcp   0: 00000000:0050 {zeros} 111 1 0\ntcp   1: 0100007F:1538 {zeros} 222 1 0\n"
        f"tcp   2: 0500000A:1F90 {zeros} 333 1 0\n"
        f"tcp6  0: {'0' * 32}:0050 {'0' * 32}:0000 0A 0:0 0:0 0 0 0 444 1 0\n"
    )
    inodes = "10\tsocket:[111]\n9\tsocket:[444]\n20\tsocket:[222]\n30\tsocket:[333]\n"
    assert read("ports", kernel=kernel, inodes=inodes, **rest).items == by_ss


def test_connections_are_gathered_by_peer_and_direction() -> None:
    found = read("connections", listening="0.0.0.0:80\n[::]:22\n", peers="""\
        @ 100
        tcp ESTAB 0 0 10.0.0.5:80 10.0.0.9:40000 users:(("nginx",pid=1,fd=3))
        tcp ESTAB 0 0 10.0.0.5:80 10.0.0.9:40001 users:(("nginx",pid=1,fd=4))
        tcp ESTAB 0 0 127.0.0.1:80 127.0.0.1:40001
        @ 101
        tcp 0 0 [::ffff:10.0.0.5]:80 [::ffff:10.0.0.9]:40002 users:(("nginx",pid=1,fd=4))
        tcp ESTAB 0 0 10.0.0.5:50000 10.0.0.7:5432 users:(("app",pid=1,fd=4))
        """)  # fmt: skip
    assert found.items == {}
    assert found.measured["samples"] == 2
    assert found.measured["peers"] == [
        {"direction": "in", "peer": "10.0.0.9", "port": 80, "protocol": "tcp", "program": "nginx", "seen": 2, "most": 2,
         "first": 100, "last": 101},
        {"direction": "out", "peer": "10.0.0.7", "port": 5432, "protocol": "tcp", "program": "app", "seen": 1,
         "most": 1, "first": 101, "last": 101},
    ]  # fmt: skip


def test_programs_that_hold_deleted_files_are_found() -> None:
    found = read(
        "processes",
        programs="1\tsystemd\t/usr/lib/systemd/systemd\n7\tnginx: worker\t/usr/sbin/nginx\n8\tkthread\t\n",
        deleted="7\t/var/log/nginx/access.log.1 (deleted)\n7\t/dev/shm/x (deleted)\n7\tsocket:[1] (deleted)\n",
        replaced="7\t/usr/lib/libssl.so.3\n",
    )
    assert found.measured["programs"] == {"nginx": 1, "systemd": 1}
    assert found.measured["deleted_open"] == [{"program": "nginx", "path": "/var/log/nginx/access.log.1", "pid": 7}]
    assert found.measured["replaced_libraries"] == [{"program": "nginx", "path": "/usr/lib/libssl.so.3", "pid": 7}]


def test_rules_of_packet_filters_have_no_counters() -> None:
    items = read("firewall", nft="""\
        table inet filter { # handle 1
        \tset banned {
        \t\ttype ipv4_addr
        \t\telements = { 10.0.0.1 }
        \t}
        \tchain input {
        \t\ttype filter hook input priority filter; policy drop;
        \t\ttcp dport 22 counter packets 12 bytes 900 accept # handle 4
        \t}
        }
        """, iptables="*filter\n:INPUT DROP [1:2]\n:OUTPUT ACCEPT [9:9]\n[5:6] -A INPUT -p tcp --dport 80 -j ACCEPT\n",
    ).items  # fmt: skip
    assert items["nft inet filter chain input"] == {
        "rules": ["type filter hook input priority filter; policy drop;", "tcp dport 22 accept"]
    }
    assert items["nft inet filter set banned"]["rules"] == ["type ipv4_addr", "elements = { 10.0.0.1 }"]
    assert items["iptables filter INPUT"] == {"policy": "DROP", "rules": ["-p tcp --dport 80 -j ACCEPT"]}
    assert "iptables filter OUTPUT" not in items


def test_kernel_settings_say_which_file_has_the_last_word() -> None:
    items = read(
        "sysctl",
        files="/usr/lib/sysctl.d/50-x.conf\tvm.swappiness = 60\n/etc/sysctl.d/50-x.conf\tvm.swappiness = 10\n"
              "/etc/sysctl.d/40-y.conf\t-net.core.somaxconn=100\n/etc/sysctl.conf\tnet.core.somaxconn  =  200\n"
              "/etc/sysctl.d/40-y.conf\tnet/ipv4/conf/eth0.1/rp_filter=1\n",
        live="vm.swappiness\t10\nnet.core.somaxconn\t128\nnet/ipv4/conf/eth0.1/rp_filter\t1\nkernel.x\t4  5\n",
    ).items  # fmt: skip
    assert items["vm.swappiness"] == {"value": "10", "configured": "10", "file": "/etc/sysctl.d/50-x.conf"}
    assert items["net.core.somaxconn"] == {"value": "128", "configured": "200", "file": "/etc/sysctl.conf"}
    assert items["net.ipv4.conf.eth0/1.rp_filter"]["configured"] == "1"
    assert items["kernel.x"] == {"value": "4 5", "configured": "", "file": ""}


def test_certificates_have_names_and_expiry() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("www.shop.example"), x509.DNSName("shop.example")])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(255).not_valid_before(start).not_valid_after(start + timedelta(days=90))
        .add_extension(names, critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = certificate.public_bytes(Encoding.PEM).decode("ascii")
    found = read("certificates", pem=f"@@ /etc/ssl/a.pem\n{pem}@@ /etc/ssl/a.pem\n{pem}@@ /etc/ssl/b.pem\nrubbish\n")
    assert sorted(found.items) == ["/etc/ssl/a.pem", "/etc/ssl/a.pem#2"]
    item = found.items["/etc/ssl/a.pem"]
    assert (item["subject"], item["serial"], item["key"]) == ("CN=shop.example", "ff", "EC secp256r1")
    assert (item["names"], item["not_after"]) == (["shop.example", "www.shop.example"], "2026-04-01T00:00:00Z")
    assert found.partly == ["not to be read as certificates: /etc/ssl/b.pem"]


def test_databases_have_versions_owners_and_measured_sizes() -> None:
    found = scope_module("databases").read(Sections({
        "postgresql 5432": "version\t15.6 (Debian 15.6-1)\t/var/lib/postgresql/15/main\n"
                           "database\tshop\tUTF8\tC.UTF-8\tshop\t7000000\nrole\tshop\tf\tt\tf\tf\n"
                           "setting\tarchive_command\trsync --password=HUNTER2 x\n",
        "mariadb": "version\t10.11.6-MariaDB\tDebian\ndatabase\tmysql\tutf8\tx\t1\n"
                   "database\tblog\tutf8mb4\tutf8mb4_x\t500\n"
                   "account\tblog\tlocalhost\n",
        "redis": "redis_version:7.0.15\ntcp_port:6379\nrole:master\nused_memory:1000\ndb0:keys=5,expires=0\n",
    }))  # fmt: skip
    assert found.items["postgresql:5432"]["version"] == "15"
    assert found.items["postgresql:5432:shop"] == {"encoding": "UTF8", "collation": "C.UTF-8", "owner": "shop"}
    assert found.items["postgresql:5432:role:shop"]["login"] is True
    assert found.items["mariadb"]["version"] == "10.11"
    assert "mariadb:mysql" not in found.items
    assert found.measured["sizes"] == {"mariadb:blog": 500, "postgresql:5432:shop": 7000000, "redis:6379": 1000}
    assert found.measured["keys"] == {"redis:6379:db0": 5}
    assert "HUNTER2" not in str(found.items)


def test_web_sites_of_nginx_and_apache_are_found_by_name() -> None:
    nginx = (
        "http {\nupstream app {\nserver 127.0.0.1:8080;\n}\nserver {\nlisten 443 ssl;\n"
        "server_name shop.example www.shop.example;\n"
        "location / { proxy_pass http://app; }\nssl_certificate /etc/ssl/shop.pem;\n}\n"
        "server { listen 80; return 301 https://shop.example$request_uri; }\n}\n"
    )
    items = read_named("websites", {
        "nginx": "".join(f"/etc/nginx/nginx.conf\t{line}\n" for line in nginx.splitlines()),
        "apache /etc/apache2": "/s\t<VirtualHost *:80>\n/s\tServerName blog.example\n/s\tDocumentRoot /var/www/blog\n"
                               "/s\t</VirtualHost>\n",
    })  # fmt: skip
    assert sorted(items) == [
        "apache blog.example on *:80", "nginx (default) on 80", "nginx shop.example www.shop.example on 443 ssl"
    ]  # fmt: skip
    assert items["nginx shop.example www.shop.example on 443 ssl"]["passes_to"] == ["http://app"]
    assert items["nginx shop.example www.shop.example on 443 ssl"]["certificate"] == ["/etc/ssl/shop.pem"]
    assert items["nginx (default) on 80"]["redirects"] == ["301 https://shop.example$request_uri"]
    assert items["apache blog.example on *:80"]["root"] == ["/var/www/blog"]


def test_files_that_name_the_machine_are_said_by_kind() -> None:
    items = read("bindings", words="address\t10.0.0.5\nmac\t02:00:00:00:00:01\nname\told.example\n",
                 found="/etc/app.conf:10.0.0.5\n/etc/app.conf:OLD.example\n"
                       "/etc/x:02:00:00:00:00:01\n").items  # fmt: skip
    assert items == {"/etc/app.conf": {"contains": ["address", "name"]}, "/etc/x": {"contains": ["mac"]}}


@pytest.mark.parametrize(
    ("zone", "shown"),
    [("/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"), ("Europe/Paris", "Europe/Paris"), ("", "UTC")],
)
def test_the_time_zone_is_its_name_however_it_is_set(zone: str, shown: str) -> None:
    assert read("os", timezone=zone).items["timezone"]["value"] == shown


def test_names_of_other_hosts_are_kept_and_the_own_left_out() -> None:
    found = read("os", hostname="web1\n", fqdn="web1.example\n", locales="C\nde_DE.utf8\nen_US.UTF-8\n", hosts="""\
        127.0.0.1 localhost
        127.0.1.1 web1.example web1   # me
        10.9.8.7\tdb.internal  db
        """)  # fmt: skip
    assert found.items["hosts"]["entries"] == ["10.9.8.7 db.internal db", "127.0.0.1 localhost"]
    assert found.items["locale"]["generated"] == ["C", "de_DE.utf8", "en_US.utf8"]


def test_the_hardware_is_read_with_ip_and_with_ifconfig() -> None:
    common = {"processor": "processor : 0\nmodel name : Fast  CPU\n", "count": "4\n", "load": "0.5 0.4 0.3 1/2 3\n",
              "memory": "MemTotal: 1000 kB\nMemAvailable: 400 kB\nSwapTotal: 10 kB\nSwapFree: 4 kB\n",
              "interfaces": "lo\t00:00:00:00:00:00\t65536\neth0\t02:00:00:00:00:01\t1500\n",
              "disks": "sda\t2048\t0\tSSD X\n", "health": "sda\tSMART overall-health result: FAILED!\n"}  # fmt: skip
    found = read("hardware", addresses="2: eth0    inet 10.0.0.5/24 brd x scope global eth0\n", **common)
    assert found.items["processor"] == {"model": "Fast CPU", "count": 4}
    assert found.items["disk:sda"] == {"bytes": 1048576, "rotational": False, "model": "SSD X"}
    assert found.items["interface:eth0"]["addresses"] == ["10.0.0.5/24"]
    assert found.measured == {"load": [0.5, 0.4, 0.3], "memory_available": 409600, "swap_used": 6144,
                              "disk_health": {"sda": "FAILED!"}}  # fmt: skip
    old = read("hardware", addresses="eth0      Link encap:Ethernet\n          inet addr:10.0.0.5  Bcast:x\n", **common)
    assert old.items["interface:eth0"]["addresses"] == ["10.0.0.5"]


def test_changed_configuration_of_rpm_names_its_package() -> None:
    items = read(
        "configuration",
        rpm=f"{'a' * 64}\t/etc/demo/a.conf\n{'b' * 64}\t/etc/demo/b.conf\n",
        sums=f"{'a' * 64}\t/etc/demo/a.conf\n{'c' * 64}\t/etc/demo/b.conf\n",
        there="root\troot\t600\t10\t/etc/demo/b.conf\n",
        digests=f"{'c' * 64}  /etc/demo/b.conf\n",
        owners="demo\n",
    ).items
    assert {path: (item["package"], item["mode"]) for path, item in items.items()} == {
        "/etc/demo/b.conf": ("demo", "0600")
    }
