"""Everything that turns a bare checkout into running processes: installation, private servers, the local stack."""
