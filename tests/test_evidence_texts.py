"""What stands beside the numbers of the evidence."""

import numpy as np

from vaeexplorer.gui.widgets.evidence_texts import exact_text
from vaeexplorer.gui.widgets.method_title import map_text
from vaeexplorer.regularity.quadrature import ExactEvidence

FOUND = ExactEvidence(
    -98.264, -98.264, -1e-6, np.zeros(1), np.ones(1), (np.zeros(2),), np.zeros(2), ()
)


def test_the_identity_is_written_with_its_numbers():
    title, about = exact_text(FOUND, 7, fields=False, declares=True)
    assert title == ("#7: log p(x) \N{MINUS SIGN}98.26 = ELBO \N{MINUS SIGN}98.26 + KL 0.000")
    assert "image #7" in about
    assert "units of the codes" not in about


def test_a_model_without_a_prior_says_what_its_posterior_is_of():
    assert (
        "In units of the codes, as on the map"
        in exact_text(FOUND, 7, fields=False, declares=False)[1]
    )


def test_a_map_of_one_image_is_called_so():
    assert map_text("digits", 1, "pca", 1) == "digits, 1 dimension, PCA of 1 image"
    assert map_text("digits", 8, "umap", 1797) == "digits, 8 dimensions, UMAP of 1,797 images"
