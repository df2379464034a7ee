"""Reference for the convolution assignment: what is true, readable beside the equations."""

from . import counts
from .complex_cell import ComplexCell
from .filters import ROUNDING, center_surround, filters, gabor, grid
from .layer import ConvolutionalLayer, Correlation, correlate, correlate2d
from .observed import (
    LAYER_SIZE,
    activations_of_own_class,
    expected_activations,
    lost_on_the_way,
    optional,
    own_filters,
    own_size,
    own_weights,
    part,
    responses,
)
from .stimuli import ORIENTATIONS, grating, set_gratings

__all__ = [
    "LAYER_SIZE",
    "ORIENTATIONS",
    "ROUNDING",
    "ComplexCell",
    "ConvolutionalLayer",
    "Correlation",
    "activations_of_own_class",
    "center_surround",
    "correlate",
    "correlate2d",
    "counts",
    "expected_activations",
    "filters",
    "gabor",
    "grating",
    "grid",
    "lost_on_the_way",
    "optional",
    "own_filters",
    "own_size",
    "own_weights",
    "part",
    "responses",
    "set_gratings",
]
