"""The stages of the pipeline: what each is called, takes, reads, writes and runs, said once.

`before_training`, `cells` and `reports` hold one function a stage: its arguments are those of the
command `fer-bench <name>`, its docstring the command's help, and it returns a `Stage`. What it runs
is in a file of the stage's name in another package: `evaluate` in `evaluation/evaluate.py`.
`dvc.yaml` and `benchmarks/*/dvc.yaml` are written from the same functions, called with DVC's
`${item.model}` in a name's place (`pipeline`); `paths` spells every path.
"""
