"""What a server is: a snapshot by scope, old against new, and the first draft of a playbook."""
