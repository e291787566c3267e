"""The fence around an old server without Python: what ``straggler_gate`` does elsewhere, in its POSIX shell.

It is made of nftables, of the same rules; where there is only iptables, of those, without a ledger.
"""

# ruff: noqa: ARG001 - all take what is written under ``fence``

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence

from provisioner.migration.bare_scripts import script_task
from provisioner.migration.fencing import BALANCERS, Params, exempt
from provisioner.migration.steps import OLD, Step
from provisioner.remote.system.straggler_ledger import from_kernel, listed

OPENING = """set -euf
umask 077
fail() { echo "$1" >&2; exit 1; }
table=provisioner_fence_$(printf %s "$id" | tr -c 'A-Za-z0-9_' _)
folder=/var/lib/provisioner/stragglers/$id
unit=provisioner-fence-$id.service
units=/etc/systemd/system
chain=PF$(printf %s "$id" | cksum | tr -d ' ')
"""
ADDRESSES = """address() {
  case $1 in
  *[!0-9a-fA-F.:/]*) found=$(getent hosts "$1" | { read -r first rest; echo "$first"; }) ;;
  *) found=$1 ;;
  esac
  [ -n "$found" ] || fail "the address of $1 is not known"
  case $found in *[!0-9a-fA-F.:/]*) fail "$1 is neither an address nor a network" ;; esac
}
family() { case $1 in *:*) echo ip6 ;; *) echo ip ;; esac; }
here() { echo "${1%%:*}"; }
there() { echo "${1#*:}"; }
all=
for port in $ports; do
  case $port in ''|*[!0-9:]*|*:*:*|:*|*:) fail "$port is neither a port nor two of them (80:8080)" ;; esac
  all="$all${all:+, }$(here "$port")"
done
[ -n "$all" ] || fail "no port is named"
if [ -n "$to" ]; then address "$to"; to=$found; fi
let_through=
for each in $exempt; do address "$each"; let_through="$let_through $found"; done
"""
NFT = """made() { echo "add chain inet $table $1 { $2; policy accept; }"; echo "flush chain inet $table $1"; }
rule() { echo "add rule inet $table $*"; }
rules() {
  echo "add table inet $table"
  for each in first4 last4 first6 last6; do
    kind=ipv4_addr
    case $each in *6) kind=ipv6_addr ;; esac
    what="type $kind . inet_proto . inet_service; flags dynamic,timeout; timeout 400d; size 65535;"
    echo "add set inet $table $each { $what }"
  done
  made ledger 'type filter hook prerouting priority -150'
  made fence 'type filter hook input priority -5'
  if [ -n "$to" ] || nft list chain inet "$table" onward > /dev/null 2>&1; then
    made onward 'type nat hook prerouting priority -110'
    made masked 'type nat hook postrouting priority 100'
  fi
  for each in $let_through; do
    rule "ledger $(family "$each") saddr $each accept"
    rule "fence $(family "$each") saddr $each accept"
    if [ -n "$to" ]; then rule "onward $(family "$each") saddr $each accept"; fi
  done
  for each in 4 6; do
    from=ip
    [ "$each" = 4 ] || from=ip6
    who="iifname != lo fib daddr type local meta nfproto ipv$each meta l4proto tcp th dport { $all } ct state new"
    key="$from saddr . meta l4proto . th dport timeout 400d"
    rule "ledger $who add @first$each { $key }"
    rule "ledger $who update @last$each { $key counter }"
  done
  if [ -n "$to" ]; then
    from=$(family "$to")
    where=$to
    proto=ipv4
    if [ "$from" = ip6 ]; then where="[$to]"; proto=ipv6; fi
    for port in $ports; do
      mine="iifname != lo fib daddr type local meta nfproto $proto meta l4proto tcp th dport $(here "$port")"
      rule "onward $mine dnat $from to $where:$(there "$port")"
      [ "$masquerade" = no ] || \\
        rule "masked ct status dnat $from daddr $to meta l4proto tcp th dport $(there "$port") masquerade"
    done
  fi
  rule "fence iifname != lo meta l4proto tcp th dport { $all } reject with tcp reset"
}
"""
IPTABLES = """tool() { case $1 in *:*) echo ip6tables ;; *) echo iptables ;; esac; }
onward() {
  echo '*nat'
  echo ":${chain}P - [0:0]"
  echo ":${chain}M - [0:0]"
  for each in $let_through; do
    if [ "$(tool "$each")" = "$1" ]; then echo "-A ${chain}P -s $each -j RETURN"; fi
  done
  where=$to
  [ "$1" = iptables ] || where="[$to]"
  for port in $ports; do
    mine="! -i lo -p tcp --dport $(here "$port") -m addrtype --dst-type LOCAL"
    echo "-A ${chain}P $mine -j DNAT --to-destination $where:$(there "$port")"
    [ "$masquerade" = no ] || \\
      echo "-A ${chain}M -d $to -p tcp --dport $(there "$port") -m conntrack --ctstate DNAT -j MASQUERADE"
  done
  echo COMMIT
}
jump() { echo "$1 -t $2 -S $3 | grep -q -e '-j $4\\$' || $1 -t $2 -I $3 1 -j $4"; }
rules() {
  for program in iptables ip6tables; do
    command -v $program > /dev/null || continue
    echo "$program-restore -n << 'END'"
    echo '*filter'
    echo ":$chain - [0:0]"
    for each in $let_through; do
      if [ "$(tool "$each")" = $program ]; then echo "-A $chain -s $each -j RETURN"; fi
    done
    for port in $ports; do
      echo "-A $chain ! -i lo -p tcp --dport $(here "$port") -j REJECT --reject-with tcp-reset"
    done
    echo COMMIT
    if [ -n "$to" ] && [ "$(tool "$to")" = $program ]; then onward $program; fi
    echo END
    jump $program filter INPUT "$chain"
    [ -n "$to" ] || echo "$program -t nat -D PREROUTING -j ${chain}P 2> /dev/null || true"
    if [ -n "$to" ] && [ "$(tool "$to")" = $program ]; then
      jump $program nat PREROUTING "${chain}P"
      jump $program nat POSTROUTING "${chain}M"
    fi
  done
}
"""
FENCED = """mkdir -p "$folder"
if command -v nft > /dev/null; then
{nft}  ending=nft
  start="exec nft -f $folder/rules.nft"
elif command -v iptables > /dev/null; then
{iptables}  ending=sh
  start="exec sh $folder/rules.sh"
else
  fail "there is neither nft nor iptables on this host"
fi
rules > "$folder/rules.next"
if [ "$ending" = nft ]; then nft -f "$folder/rules.next"; else sh -e "$folder/rules.next"; fi
is_new=yes
if cmp -s "$folder/rules.next" "$folder/rules.$ending"; then is_new=no; fi
mv "$folder/rules.next" "$folder/rules.$ending"
forwarding=
if [ -n "$to" ]; then
  setting=/proc/sys/net/ipv4/ip_forward
  [ "$(family "$to")" = ip ] || setting=/proc/sys/net/ipv6/conf/all/forwarding
  if [ "$(cat "$setting")" != 1 ]; then echo "$setting" > "$folder/forwarding-was-off"; echo 1 > "$setting"; fi
  forwarding="echo 1 > $setting"
fi
printf '%s\\n' "$forwarding" "$start" > "$folder/start"
if [ -d /run/systemd/system ]; then
  printf '%s\\n' '[Unit]' "Description=Fence around services that have moved ($id)" DefaultDependencies=no \\
    'After=local-fs.target systemd-sysctl.service' 'Before=network-pre.target shutdown.target' \\
    Wants=network-pre.target Conflicts=shutdown.target '[Service]' Type=oneshot RemainAfterExit=yes \\
    "ExecStart=/bin/sh $folder/start" '[Install]' WantedBy=multi-user.target > "$units/$unit"
  mkdir -p "$units/multi-user.target.wants"
  ln -sf "$units/$unit" "$units/multi-user.target.wants/$unit"
elif [ -d /etc/local.d ]; then
  printf '%s\\n' '#!/bin/sh' "/bin/sh $folder/start" > "/etc/local.d/$unit.start"
  chmod 755 "/etc/local.d/$unit.start"
fi
if [ "$is_new" = yes ]; then echo changed; fi
"""
OPEN = """if [ ! -d "$folder" ]; then exit 0; fi
if command -v nft > /dev/null; then nft delete table inet "$table" 2> /dev/null || true; fi
for each in iptables ip6tables; do
  command -v $each > /dev/null || continue
  for which in "filter INPUT $chain" "nat PREROUTING ${chain}P" "nat POSTROUTING ${chain}M"; do
    set -- $which
    $each -t "$1" -D "$2" -j "$3" 2> /dev/null || continue
    $each -t "$1" -F "$3"
    $each -t "$1" -X "$3"
  done
done
if [ -s "$folder/forwarding-was-off" ]; then echo 0 > "$(cat "$folder/forwarding-was-off")"; fi
rm -f "$units/$unit" "$units/multi-user.target.wants/$unit" "/etc/local.d/$unit.start"
if [ -e "$folder/start" ]; then echo changed; fi
rm -rf "$folder"
"""
READ = """if command -v nft > /dev/null; then nft -j list table inet "$table" 2> /dev/null || true; fi
"""
NEEDED = """command -v nft > /dev/null || command -v iptables > /dev/null || {
  echo "the fence needs nft or iptables, and neither is on this host" >&2
  exit 1
}
"""
ID = {"id": "{{ migration.id }}"}


def prepare(params: Mapping[str, object]) -> Sequence[Step]:
    """See that there is what the fence is made of."""
    return [Step(OLD, script_task("fence: the fence can be made", NEEDED, {}))]


def fence(params: Mapping[str, object]) -> Sequence[Step]:
    """Keep writes away from the old server; a balancer goes on reading there until it switches."""
    return [_fenced("old is fenced", Params.parse(params), exempt(Params.parse(params), BALANCERS))]


def forward(params: Mapping[str, object]) -> Sequence[Step]:
    """Lead those who still ask the old server on to the new one, and keep a ledger of them."""
    told = Params.parse(params)
    if not told.forward:
        return [_fenced("old is fenced", told, exempt(told))]
    return [_fenced("stragglers are led on", told, exempt(told), told.to or "{{ peer_address }}")]


def ledger(params: Mapping[str, object]) -> Sequence[Step]:
    """Ask the kernel who came."""
    return [Step(OLD, script_task("fence: stragglers", OPENING + READ, ID))]


def unfence(params: Mapping[str, object]) -> Sequence[Step]:
    """Let the old server serve again."""
    return [Step(OLD, script_task("fence: old is not fenced", OPENING + OPEN, ID, "bare_fence_said"))]


def retire(params: Mapping[str, object]) -> Sequence[Step]:
    """Take the forwarding away, too: the old server is silent."""
    return [_fenced("old is silent", Params.parse(params), [])]


def undo(params: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    """Return what the old server does alone to serve again."""
    return [{"module": "raw", "params": {"_raw_params": "id={{ migration.id | quote }}\n" + OPENING + OPEN}}]


def told_by(said: str, quiet_s: float, now: float | None = None) -> dict[str, object] | None:
    """Return the ledger as ``straggler_gate`` tells it, from what the kernel said; None where it said nothing."""
    try:
        table = json.loads(said).get("nftables", [])
    except (ValueError, AttributeError):
        return None
    now = time.time() if now is None else now
    entries = from_kernel([each["set"] for each in table if "set" in each], now)
    latest = max((entry.last for entry in entries.values()), default=0.0)
    count = len({key.partition(" ")[0] for key, entry in entries.items() if now - entry.last < quiet_s})
    quiet_for_s = round(now - latest, 1) if entries else None
    return {"count": count, "quiet_for_s": quiet_for_s, "stragglers": listed(entries, names=False)}


def _fenced(says: str, told: Params, through: object, to: str = "") -> Step:
    data = {**ID, "ports": list(told.ports), "exempt": through, "to": to}
    data["masquerade"] = "yes" if told.masquerade else "no"
    script = OPENING + ADDRESSES + FENCED.replace("{nft}", NFT).replace("{iptables}", IPTABLES)
    return Step(OLD, script_task(f"fence: {says}", script, data, "bare_fence_said"))
