"""What people see: server-rendered pages under a strict CSP."""
