"""Alembic's entry: it works on the connection that `migrate` or a test hands over, in its transaction."""

from alembic import context

from transactional.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
context.run_migrations()
