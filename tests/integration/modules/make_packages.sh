#!/bin/bash
# Makes small packages for rpm and pacman, and repositories of them.
set -e
mkdir -p /srv/rpm /srv/pac /etc/rpm /etc/yum.repos.d
echo "%_dbpath /var/lib/rpm" > /etc/rpm/macros.lab  # where zypper looks, too

rpm_of() { # name version requires
    cat > "/tmp/$1.spec" <<SPEC
Name: $1
Version: $2
Release: 1
Summary: $1
License: MIT
BuildArch: noarch
${3:+Requires: $3}
%description
none
%install
mkdir -p %{buildroot}/usr/share/lab
echo $2 > %{buildroot}/usr/share/lab/$1
%files
/usr/share/lab/$1
SPEC
    rpmbuild -bb --quiet --define "_rpmdir /srv/rpm" "/tmp/$1.spec" 2>/dev/null
}

for each in "alpha 1.0" "alpha 2.0" "beta 1.0 alpha" "gamma 1.0" "gamma 1.5" "zeta 1.0" "zeta 2.0"; do rpm_of $each; done
createrepo_c -q /srv/rpm
printf '[lab]\nname=lab\nbaseurl=file:///srv/rpm\nenabled=1\ngpgcheck=0\n' > /etc/yum.repos.d/lab.repo
zypper -n ar -G -f file:///srv/rpm lab >/dev/null

printf '[options]\nArchitecture = auto\nSigLevel = Never\n[lab]\nSigLevel = Never\nServer = file:///srv/pac\n' > /etc/pacman.conf
python3 - <<'PYTHON'
import hashlib, io, tarfile

def add(archive, name, text):
    member = tarfile.TarInfo(name)
    member.size = len(text)
    archive.addfile(member, io.BytesIO(text))

def package(name, depends="", group=""):
    about = {"pkgname": name, "pkgver": "1.0-1", "pkgdesc": name, "size": "10", "arch": "any", "depend": depends, "group": group}
    path = f"/srv/pac/{name}-1.0-1-any.pkg.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        add(archive, ".PKGINFO", "".join(f"{key} = {value}\n" for key, value in about.items() if value).encode())
        add(archive, f"usr/share/pac-{name}", b"1.0\n")
    with open(path, "rb") as stream:
        whole = stream.read()
    told = {"FILENAME": path.rpartition("/")[2], "NAME": name, "VERSION": "1.0-1", "DESC": name, "CSIZE": len(whole),
            "ISIZE": 10, "SHA256SUM": hashlib.sha256(whole).hexdigest(), "ARCH": "any", "DEPENDS": depends, "GROUPS": group}
    return name, "".join(f"%{key}%\n{value}\n\n" for key, value in told.items() if value).encode()

found = [package("alpha"), package("beta", "alpha"), package("gamma", "", "grp")]
package("delta")
with tarfile.open("/srv/pac/lab.db", "w:gz") as archive:
    for name, text in found:
        add(archive, f"{name}-1.0-1/desc", text)
PYTHON
pacman -Sy >/dev/null
