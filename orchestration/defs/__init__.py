"""What Dagster shows: lake -> models -> publish -> dashboards, with every dbt test as a check."""
