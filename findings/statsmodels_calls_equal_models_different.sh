#!/usr/bin/env bash
# Surprise: statsmodels' McNemar test with exact=False gives p = 0 for two models that answer every face
#   alike, the strongest possible "difference" (its continuity correction divides 1 by 0), and p = 1 as
#   soon as they differ on one face. Beside it, one undefined p makes multipletests' fdr_bh return NaN
#   for all p-values while its `reject` still says True for some; holm leaves the others as they are.
# Hurts: tables that compare many classifiers on one test set, where a row is often a copy or an ablation
#   that changed nothing: it comes out as significant, and a correction spreads or hides the NaN.
# Do: exact=True (or SciPy's binomtest on the faces where answers differ), p = 1 where none differs; never
#   hand NaN to multipletests.
# Seen with statsmodels 0.15.0, SciPy 1.17.1, Python 3.11, 2026-11-29.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet statsmodels==0.15.0 scipy==1.17.1
venv/bin/python -W ignore - <<'P'
from importlib.metadata import version

import numpy as np
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

print("statsmodels", version("statsmodels"))
# Rows: the first model right, wrong; columns: the second. 300 faces.
tables = {
    "equal answers on all faces": [[210, 0], [0, 90]],
    "one face differs": [[210, 0], [1, 89]],
    "seven faces favour each": [[203, 7], [7, 83]],
}
p = {(name, exact): float(mcnemar(table, exact=exact).pvalue)
     for name, table in tables.items() for exact in (False, True)}
for name in tables:
    print(f"{name}: p = {p[name, False]:.3g} with exact=False, {p[name, True]:.3g} with exact=True")
if p["equal answers on all faces", False] != 0 or p["equal answers on all faces", True] != 1:
    raise SystemExit("changed: equal models are not told apart any more")
given = [0.001, 0.2, np.nan, 0.5]
print("p-values", given)
corrected = {}
for method in ("fdr_bh", "holm"):
    reject, values = multipletests(given, method=method)[:2]
    corrected[method] = reject, values
    print(f"{method}: p {np.round(values, 3).tolist()}, reject {reject.tolist()}")
if not np.isnan(corrected["fdr_bh"][1]).all() or not corrected["fdr_bh"][0].any():
    raise SystemExit("changed: fdr_bh keeps defined p-values")
P
echo "as found: equal models differ with p = 0"
