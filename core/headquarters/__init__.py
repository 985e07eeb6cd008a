"""Open Dental headquarters: its SOAP service as an authority over keys."""
