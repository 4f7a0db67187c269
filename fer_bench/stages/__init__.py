"""The stages of the pipeline: what each is called, takes, reads, writes and runs, said once.

`packs`, `cells` and `reports` hold one function a stage: its arguments are those of the command
`fer-bench <name>`, its docstring the command's help, and it returns a `Stage`. `dvc.yaml` and
`benchmarks/*/dvc.yaml` are written from the same functions, called with DVC's `${item.model}` in a
name's place (`pipeline`); `paths` spells every path.
"""
