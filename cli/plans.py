"""`patchmill plans`: list the plans of a lake."""

from cli.options import JsonOption, LakeOption, open_lake, print_json, print_table
from storage.catalog import Catalog

SQL = """
select p.plan_id, p.created_at, array_to_string(p.products, ', ') as products,
       p.settings ->> '$.model.name' as model, p.samples, p.chain, p.rounds, count(s.problem_id) as problems
from plans as p
left join selections as s using (selection_id)
group by all
order by p.created_at desc
"""


def command(lake: LakeOption = None, as_json: JsonOption = False) -> None:
    """List the plans of a lake, newest first. `status --plan A --plan B` compares two of them."""
    with Catalog(open_lake(lake)) as catalog:
        rows = catalog.rows(SQL)
    if as_json:
        print_json(rows)
        return
    print_table(rows, title="Plans")
