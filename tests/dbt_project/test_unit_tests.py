"""The models' own unit tests, which stand beside them in their YAML."""

from orchestration.transform import Transform
from orchestration.warehouse import open_warehouse
from settings import Settings


def test_every_unit_test_of_the_models_passes(settings: Settings, transform: Transform) -> None:
    with open_warehouse(settings):  # whose tables tell dbt the types of the columns
        results = transform.invoke("test", "--select", "test_type:unit")
    ran = [result for result in results.results if str(result.node.resource_type) == "unit_test"]
    assert [f"{result.node.name}: {result.message}" for result in ran if str(result.status) != "pass"] == []
    assert len(ran) >= 15
