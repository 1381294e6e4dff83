"""SQL that differs between databases: custom SQLAlchemy elements, and one module per dialect."""

from mfkit.sql import duckdb_sql, postgresql_sql, spark_sql, sqlite_sql

__all__ = ["duckdb_sql", "postgresql_sql", "spark_sql", "sqlite_sql"]
