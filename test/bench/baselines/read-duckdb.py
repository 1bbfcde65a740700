"""read-duckdb.py FORMAT PATH THREADS: reads every column of every row with DuckDB, as Arrow batches, and nothing else."""
import json, sys, time
import duckdb
form, path, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
read = {"jsonl": "read_json_auto", "csv": "read_csv_auto", "parquet": "read_parquet"}[form]
connection = duckdb.connect()
connection.execute(f"set threads = {threads}")
began = time.time()
result = connection.sql(f"select * from {read}('{path}')")
reader = result.to_arrow_reader(4096) if hasattr(result, "to_arrow_reader") else result.fetch_arrow_reader(4096)
rows = sum(len(batch) for batch in reader)
print(json.dumps({"t_first": began, "n_first": 0, "t_end": time.time(), "rows": rows, "version": duckdb.__version__}))
