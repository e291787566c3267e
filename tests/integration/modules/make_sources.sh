#!/bin/bash
# Makes packages for npm and composer, a registry, a key and a repository for rpm, and a mail server.
set -e
mkdir -p /srv/registry /srv/php/c-example /srv/node /srv/shop /srv/rpm

for version in 1.0.0 2.0.0; do
    mkdir -p "/srv/c-example-$version/package"
    echo "{\"name\": \"c-example\", \"version\": \"$version\", \"bin\": \"c-example.js\"}" > "/srv/c-example-$version/package/package.json"
    printf '#!/usr/bin/env node\nconsole.log("%s")\n' "$version" > "/srv/c-example-$version/package/c-example.js"
    tar czf "/srv/registry/c-example-$version.tgz" -C "/srv/c-example-$version" package
done
python3 - <<'PYTHON'
import json

def version(number):
    where = f"http://127.0.0.1:8098/c-example-{number}.tgz"
    return {"name": "c-example", "version": number, "bin": {"c-example": "c-example.js"}, "dist": {"tarball": where}}

numbers = ["1.0.0", "2.0.0"]
about = {"name": "c-example", "dist-tags": {"latest": numbers[-1]}, "versions": {each: version(each) for each in numbers}}
with open("/srv/registry/c-example", "w") as stream:
    json.dump(about, stream)
with open("/srv/node/package.json", "w") as stream:
    json.dump({"name": "site", "version": "1.0.0", "dependencies": {"c-example": "1.0.0"}}, stream)
PYTHON
systemd-run --quiet --unit registry --working-directory=/srv/registry python3 -m http.server --bind 127.0.0.1 8098

echo '{"name": "c/example", "version": "1.0.0"}' > /srv/php/c-example/composer.json
cat > /srv/shop/composer.json <<'JSON'
{"name": "c/shop", "repositories": [{"type": "path", "url": "/srv/php/*"}, {"packagist.org": false}],
 "require": {"c/example": "*"}}
JSON

export GNUPGHOME=/srv/gnupg
mkdir -m 700 $GNUPGHOME
gpg --batch --quiet --passphrase '' --quick-generate-key c@example.org rsa2048 sign never 2>/dev/null
gpg --armor --export c@example.org > /srv/c.asc
mkdir -p /etc/rpm
echo "%_dbpath /var/lib/rpm" > /etc/rpm/macros.lab  # where zypper looks, too

mkdir /srv/mail
systemd-run --quiet --unit mail python3 -m aiosmtpd -n -l 127.0.0.1:2525 -c aiosmtpd.handlers.Mailbox /srv/mail/box
for port in 8098 2525; do
    for _ in $(seq 300); do (: < /dev/tcp/127.0.0.1/$port) 2>/dev/null && break; sleep 0.2; done
done
