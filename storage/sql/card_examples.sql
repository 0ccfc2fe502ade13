-- Two example rows, of the split train where it has any; those with the most turns first.
select * from published order by split <> 'train', len(prompt) desc, example_id limit 2
