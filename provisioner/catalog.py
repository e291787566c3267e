"""Finds one-file extensions by kind and name and imports one only when it is used.

The folder is the list: no registration, no central table. Third parties add extensions through entry points named
``provisioner.<kind>`` (``provisioner.filter`` and so on), whose value is a module of the same shape.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from functools import cache
from importlib import util
from keyword import iskeyword
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

FOLDERS = {
    "module": "provisioner.remote.modules",
    "fact": "provisioner.remote.facts",
    "action": "provisioner.execution.actions",
    "filter": "provisioner.templating.filters",
    "test": "provisioner.templating.predicates",
    "lookup": "provisioner.templating.lookups",
    "connection": "provisioner.transport.connections",
    "renderer": "provisioner.reporting.renderers",
    "check": "provisioner.verification.checks",
    "pass": "provisioner.graph.passes",
    "inventory": "provisioner.loading.sources",
    "command": "provisioner.cli.commands",
    "mover": "provisioner.migration.movers",
    "switcher": "provisioner.migration.switchers",
    "scope": "provisioner.discovery.scopes",
    "finding": "provisioner.migration.findings",
    "recurrence": "provisioner.scheduling.recurrences",
    "shim": "provisioner.compat.commands",
}
"""Where the extensions of each kind live."""

COLLECTIONS = (
    "ansible.builtin.",
    "ansible.legacy.",
    "ansible.posix.",
    "ansible.mysql.",
    "community.general.",
    "community.mysql.",
    "community.postgresql.",
    "community.crypto.",
    "community.docker.",
    "containers.podman.",
)
"""Prefixes under which our own modules, filters, tests and lookups also answer."""

SAME_AS = {"systemd_service": "systemd", "yum": "dnf", "include": "include_tasks"}
"""Second names of modules."""

KNOWN_ELSEWHERE = frozenset(
    """
    acl acl_token acme_account acme_account_info acme_certificate acme_certificate_revoke acme_challenge_cert_helper
    add_host airbrake_deployment aix_devices aix_filesystem alternatives ansible_galaxy_install apache2_mod_proxy
    apache2_module apk apt apt_key apt_repo apt_repository apt_rpm archive asa_command asa_config assemble assert
    async_status at authorized_key aws_s3 aws_ssm_parameter_store azure_rm_deployment azure_rm_networkinterface
    azure_rm_publicipaddress azure_rm_resourcegroup azure_rm_securitygroup azure_rm_storageaccount azure_rm_subnet
    azure_rm_virtualmachine azure_rm_virtualnetwork beadm blockinfile bower buildah_connection bundler bzr campfire
    capabilities cargo certificate_complete_chain circonus_annotation cli_command cli_config cloud_init_data_facts
    cloudflare_dns cloudformation cloudwatchevent_rule command composer consul consul_acl consul_kv consul_session copr
    copy cpanm cron cronvar crypttab datadog_event datadog_monitor dconf deb822_repository debconf debug deploy_helper
    digital_ocean digital_ocean_block_storage digital_ocean_domain digital_ocean_droplet digital_ocean_firewall
    digital_ocean_floating_ip digital_ocean_sshkey digital_ocean_tag discord django_manage dnf dnf5 dnsimple dnsmadeeasy
    docker_compose docker_config docker_container docker_container_info docker_host_info docker_image docker_image_info
    docker_login docker_network docker_network_info docker_node docker_node_info docker_prune docker_secret docker_stack
    docker_swarm docker_swarm_info docker_swarm_service docker_volume docker_volume_info dpkg_selections easy_install
    ec2 ec2_ami ec2_ami_info ec2_asg ec2_eip ec2_elb ec2_elb_lb ec2_facts ec2_group ec2_instance ec2_instance_info
    ec2_key ec2_lc ec2_metadata_facts ec2_snapshot ec2_tag ec2_vol ec2_vpc_igw ec2_vpc_net ec2_vpc_route_table
    ec2_vpc_subnet ecr ecs_certificate ecs_cluster ecs_service ecs_taskdefinition efs ejabberd_user elasticache
    elasticsearch_plugin elb_application_lb elb_instance elb_target_group eos_command eos_config etcd3 exo_dns_domain
    expect facter fail fetch file filesize filesystem find firewalld firewalld_info flatpak flatpak_remote flowdock
    gather_facts gce gce_net gconftool2 gcp_compute_address gcp_compute_disk gcp_compute_firewall gcp_compute_instance
    gcp_compute_network gcp_storage_bucket gem get_certificate get_url getent git git_config github_deploy_key
    github_issue github_key github_release github_repo github_webhook gitlab_deploy_key gitlab_group gitlab_hook
    gitlab_project gitlab_project_variable gitlab_runner gitlab_user grafana_dashboard grafana_datasource grafana_plugin
    grafana_user group group_by grove gunicorn haproxy hashivault_read hashivault_write hcloud_firewall
    hcloud_floating_ip hcloud_network hcloud_server hcloud_server_info hcloud_ssh_key hcloud_volume helm helm_info
    helm_repository hetzner_failover_ip hetzner_firewall hipchat homebrew homebrew_cask homebrew_tap hostname htpasswd
    iam iam_group iam_policy iam_role iam_user icinga2_feature icinga2_host include_role include_tasks include_vars
    influxdb_database influxdb_query influxdb_retention_policy influxdb_user influxdb_write ini_file installp
    interfaces_file ios_command ios_config ios_facts ios_interfaces ip_netns ipa_group ipa_host ipa_user iptables
    iptables_state irc iso_create iso_extract jabber java_cert java_keystore jboss jenkins_job jenkins_job_info
    jenkins_plugin jenkins_script jira junos_command junos_config k8s k8s_auth k8s_exec k8s_facts k8s_info k8s_log
    k8s_scale k8s_service kernel_blacklist keycloak_client keycloak_group keycloak_realm keycloak_user keyring
    known_hosts kubectl kubernetes_validate lambda lambda_alias lambda_event launchd layman ldap_attr ldap_attrs
    ldap_entry ldap_passwd ldap_search lineinfile linode listen_ports_facts lldp locale_gen logentries logrotate
    luks_device lvg lvol lxc_container lxd_container lxd_profile lxd_project macports mail make mas matrix mattermost
    maven_artifact memset_dns_reload meta modprobe mongodb_parameter mongodb_replicaset mongodb_shard mongodb_user monit
    mount mount_facts mqtt mssql_db mysql_db mysql_info mysql_query mysql_replication mysql_role mysql_user
    mysql_variables nagios net_get net_ping net_put netconf_config netcup_dns newrelic_deployment nexmo
    nginx_status_info nictagadm nmcli nomad_job npm nsupdate nxos_command nxos_config nxos_facts ocapi_command odbc ohai
    omapi_host open_iscsi openbsd_pkg openshift_auth openssh_cert openssh_keypair openssl_certificate
    openssl_certificate_info openssl_csr openssl_csr_info openssl_dhparam openssl_pkcs12 openssl_privatekey
    openssl_privatekey_info openssl_publickey openwrt_init opkg os_floating_ip os_keypair os_network os_port os_router
    os_security_group os_security_group_rule os_server os_subnet os_volume osx_defaults ovh_ip_failover package
    package_facts packet_device pacman pacman_key pagerduty pagerduty_alert pam_limits pamd parted patch pause pear pids
    ping pip pipx pkg5 pkg5_publisher pkgin pkgng pkgutil pnpm podman_container podman_image podman_network
    podman_volume portage portinstall postgresql_copy postgresql_db postgresql_ext postgresql_idx postgresql_info
    postgresql_lang postgresql_membership postgresql_owner postgresql_pg_hba postgresql_ping postgresql_privs
    postgresql_publication postgresql_query postgresql_schema postgresql_sequence postgresql_set postgresql_slot
    postgresql_subscription postgresql_table postgresql_tablespace postgresql_user postgresql_user_obj_stat_info proxmox
    proxmox_kvm proxmox_template proxysql_backend_servers proxysql_global_variables proxysql_mysql_users pubnub_blocks
    puppet pushbullet pushover python_requirements_info rabbitmq_binding rabbitmq_exchange rabbitmq_global_parameter
    rabbitmq_parameter rabbitmq_plugin rabbitmq_policy rabbitmq_queue rabbitmq_user rabbitmq_vhost rabbitmq_vhost_limits
    raw rds rds_instance read_csv reboot redhat_subscription redis redis_data redis_info redshift replace
    restconf_config rhn_channel rhn_register rhsm_release rhsm_repository riak rocketchat rollbar_deployment route53
    route53_zone routeros_command routeros_facts rpm_key rundeck_project runit s3_bucket s3_sync sap_task_list_execute
    say scaleway_compute script seboolean sefcontext selinux selinux_permissive selogin sendgrid sensu_check
    sensu_client seport serverless service service_facts set_fact set_stats setup shell shutdown simpleinit_msb slack
    slackpkg slurp snap snap_alias snmp_facts sns sns_topic solaris_zone sorcery spotinst_aws_elastigroup sqs_queue
    ssh_config stacki_host stat statsd statusio_maintenance sts_assume_role subversion sudoers supervisorctl svc svr4pkg
    swdepot swupd synchronize sysctl syslogger sysrc systemd systemd_service sysupgrade sysvinit telegram tempfile
    template terraform timezone twilio typetalk udm_dns_record udm_user ufw unarchive uptimerobot uri urpmi usb_facts
    user validate_argument_spec vdo vertica_user virt virt_net virt_pool vmadm vmware_guest vmware_guest_disk
    vmware_guest_info vmware_host vmware_vm_info vsphere_copy vsphere_guest vultr_server vyos_command vyos_config
    wait_for wait_for_connection wakeonlan win_acl win_acl_inheritance win_certificate_store win_chocolatey
    win_chocolatey_source win_command win_copy win_credential win_dns_client win_domain win_domain_membership
    win_domain_user win_environment win_eventlog win_feature win_file win_find win_firewall win_firewall_rule
    win_get_url win_group win_group_membership win_hostname win_hotfix win_iis_webapplication win_iis_webapppool
    win_iis_website win_lineinfile win_mapped_drive win_msg win_nssm win_optional_feature win_owner win_package
    win_pagefile win_partition win_path win_ping win_powershell win_psexec win_psmodule win_reboot win_reg_stat
    win_regedit win_robocopy win_say win_scheduled_task win_service win_share win_shell win_shortcut win_stat
    win_template win_timezone win_unzip win_updates win_uri win_user win_user_right win_wait_for win_whoami
    x509_certificate x509_certificate_info x509_crl x509_crl_info xattr xbps xenserver_facts xfconf xfs_quota xml yarn
    yum yum_repository yum_versionlock zabbix_action zabbix_group zabbix_host zabbix_hostmacro zabbix_maintenance
    zabbix_proxy zabbix_screen zabbix_template zfs zfs_facts znode zpool_facts zypper zypper_repository
    """.split()  # noqa: SIM905 - one word a line would be 600 lines
)
"""Short names that Ansible and its best known collections have. A task may name one: where we have no such module it
fails only if it is executed."""

_QUALIFIED = re.compile(r"[a-z_][a-z0-9_]*(?:\.[a-z0-9_]+){2,}", re.IGNORECASE)
_BUILTIN = ("ansible.builtin.", "ansible.legacy.")


def exists_elsewhere(written: str) -> bool:
    """Tell whether a module of that name exists in Ansible or, as far as its form tells, in some collection."""
    for prefix in _BUILTIN:
        if written.startswith(prefix):
            return written.removeprefix(prefix) in KNOWN_ELSEWHERE
    return written in KNOWN_ELSEWHERE or _QUALIFIED.fullmatch(written) is not None


@cache
def names(kind: str) -> frozenset[str]:
    """Return the names of every extension of ``kind``."""
    return frozenset(_shipped(kind)) | frozenset(_entry_points(kind))


@cache
def load(kind: str, name: str) -> ModuleType:
    """Import one extension; KeyError where there is none of that name."""
    if name in _shipped(kind):
        return importlib.import_module(f"{FOLDERS[kind]}.{_file_name(name)}")
    point = _entry_points(kind)[name]
    loaded = point.load()
    if not isinstance(loaded, ModuleType):
        raise TypeError(f"entry point {point.value} of group provisioner.{kind} is not a module")
    return loaded


def part(name: str) -> ModuleType:
    """Import a part of ours that most runs do without; large ones are named so where they are used."""
    return importlib.import_module(name)


def short_name(kind: str, written: str) -> str | None:
    """Return our name for ``written`` (short or fully qualified), or None where we have no such extension."""
    for prefix in COLLECTIONS:
        if written.startswith(prefix):
            written = written.removeprefix(prefix)
            break
    known = names(kind) if kind != "action" else names("action") | names("module")
    same = SAME_AS.get(written, written) if kind == "action" else written
    return same if same in known else None


@cache
def _shipped(kind: str) -> frozenset[str]:
    found = util.find_spec(FOLDERS[kind])
    if found is None or not found.submodule_search_locations:
        return frozenset()
    folder = Path(next(iter(found.submodule_search_locations)))
    return frozenset(p.stem.rstrip("_") for p in folder.glob("*.py") if p.stem != "__init__")


def _file_name(name: str) -> str:
    """Return the file's name: Python keywords carry an underscore behind them."""

    return f"{name}_" if iskeyword(name) else name


def _entry_points(kind: str) -> dict[str, EntryPoint]:
    return _third_party().get(f"provisioner.{kind}", {})


@cache
def _third_party() -> dict[str, dict[str, EntryPoint]]:
    """Return the entry points of all our groups; one look at what is installed serves every kind.

    A distribution earlier on the path hides later ones. The reader of metadata is a large import, hence by name, and
    not at all where no file names one of our groups.
    """
    found: dict[str, dict[str, EntryPoint]] = {}
    if not any(_may_extend(Path(each or ".")) for each in sys.path):
        return found
    for distribution in importlib.import_module("importlib.metadata").distributions():
        for point in distribution.entry_points:
            if point.group.startswith("provisioner."):
                found.setdefault(point.group, {}).setdefault(point.name, point)
    return found


def _may_extend(folder: Path) -> bool:
    """Tell whether something installed in a folder of the path may have entry points for us; archives may."""
    try:
        with os.scandir(folder) as entries:
            installed = [each.path for each in entries if each.name.endswith((".dist-info", ".egg-info"))]
    except NotADirectoryError:
        return True
    except OSError:
        return False
    return any(_names_us(Path(each, "entry_points.txt")) for each in installed)


def _names_us(path: Path) -> bool:
    try:
        return b"[provisioner." in path.read_bytes().replace(b" ", b"")
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
