"""What can be wrong with moving a server, one file a finding: pure functions over what both servers are."""
