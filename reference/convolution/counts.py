"""Counts: the numbers of question 4, for a layer that keeps the size of its images (stride 1).

Every function takes the sizes in the same order, needed or not: rows and columns of the image,
input and output channels, and the width of the square kernels. For the set sizes, 48, 64, 1, 6
and 7, they return 3,072, 294, 300, 18,432 and 56,623,104.
"""


def activations_per_channel(height: int, width: int, c_in: int, c_out: int, K: int) -> int:
    """Return the activations in one output channel for one image: one at every pixel."""
    return height * width


def conv_weights(height: int, width: int, c_in: int, c_out: int, K: int) -> int:
    """Return the weights of the convolutional layer without its biases: shared by all pixels."""
    return K * K * c_in * c_out


def conv_parameters(height: int, width: int, c_in: int, c_out: int, K: int) -> int:
    """Return the weights and the biases, one of which belongs to each output channel."""
    return conv_weights(height, width, c_in, c_out, K) + c_out


def fc_weights_one_unit_per_channel(height: int, width: int, c_in: int, c_out: int, K: int) -> int:
    """Return the weights of c_out fully connected units: each reads every input pixel."""
    return (height * width * c_in) * c_out


def fc_weights_one_unit_per_activation(
    height: int, width: int, c_in: int, c_out: int, K: int
) -> int:
    """Return the weights of a fully connected unit for every activation of the layer."""
    return (height * width * c_in) * (c_out * height * width)
