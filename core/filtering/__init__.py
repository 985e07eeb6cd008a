"""The grammar of filter expressions, which the key list and the Audit Trail share."""
