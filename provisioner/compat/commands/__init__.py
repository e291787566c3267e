"""One file for each of Ansible's commands: ``ansible-playbook`` is ``playbook``, ``ansible`` itself ``adhoc``."""
