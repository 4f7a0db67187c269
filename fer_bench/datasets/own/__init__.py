"""Sets of your own, without a line of Python: `fer-bench data add my_faces FOLDER`.

Origin, licence, people: yours; `benchmarks/<name>/source.yaml` holds what you say of them, and
which expression each of your classes is (`Definition`). Every file of that name makes a source, its
three packs (as it is, blue masks, mixed masks) and a dataset of each.
Layout, one of (`collecting`): a folder a class, with or without split folders above; lists (CSV,
TSV, JSON lines, Parquet) of image and label, a Hugging Face image folder among them; Parquet with
the images inside.
Kept as: `images/`, as it was given, and `faces.csv` with one line a face. Faces of classes that are
mapped to `ignore` are not kept.
Splits: yours where there are any; else 70 % train, 10 % val and 20 % test by a hash of the person,
or of the picture's bytes where the person is not known, so that equal pictures stay together.
Sample ids are made of the picture's bytes: the same wherever the files lie, and they tell no name.
"""
