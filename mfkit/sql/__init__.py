"""SQL that differs by database: SQLAlchemy elements, and one module per dialect that compiles them."""

from mfkit.sql import duckdb_sql, postgresql_sql, spark_sql, sqlite_sql

__all__ = ["duckdb_sql", "postgresql_sql", "spark_sql", "sqlite_sql"]
