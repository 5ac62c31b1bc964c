"""Pure decisions: values in, a verified value out or an exception; no I/O, no clock, no ledger."""
