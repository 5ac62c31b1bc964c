"""How databases come from one shape of their tables to the next: a folder for each schema, a file for each step.

A step's ``revision`` is a number of four digits, one above its ``down_revision``. What a release has shipped is never changed, and
imports no tables, which change. Steps go up only: what went wrong is put back from a backup. Those of the management database begin with
0002, the schema of the first releases, which had no migrations.
"""
