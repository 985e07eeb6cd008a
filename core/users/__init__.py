"""Open Dental users: sign-in, lockout and permissions."""
