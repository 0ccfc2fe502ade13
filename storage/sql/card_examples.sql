-- Two rows to look at: of the split train, those of most turns first.
select * from published order by split <> 'train', len(prompt) desc, example_id limit 2
