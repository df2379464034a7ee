# %% name="q1-answer"
def correlate2d(image, kernel):
    """Slide a kernel over an image, without flipping it, and add up the products.

    image: float tensor (H, W)
    kernel: float tensor (kh, kw); kh and kw are odd
    returns: tensor (H, W); pixel (x, y) holds the sum for the window centred on (x, y),
        where the image counts as zero outside its borders
    """
    height, width = image.shape
    kh, kw = kernel.shape
    top, left = kh // 2, kw // 2  # from the first row and column of a window to its middle
    framed = image.new_zeros(height + kh - 1, width + kw - 1)
    framed[top : top + height, left : left + width] = image
    sums = torch.zeros_like(image)  # (H, W)
    for row in range(height):
        for column in range(width):
            window = framed[row : row + kh, column : column + kw]  # (kh, kw)
            sums[row, column] = (kernel * window).sum()
    return sums


# %% name="q2-answer"
class ConvolutionalLayer(nn.Module):
    """One convolutional layer: images in, one map of activations per kernel out.

    c_in, c_out: number of input and output channels
    K: width and height of each kernel in pixels, odd
    filters: optional tensor (c_out, c_in, K, K) to use as the weights; the bias is then zero
    """

    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        """Turn images s (N, c_in, H, W) into activations (N, c_out, H, W)."""
        return self.conv(s)


# %% name="q3-answer"
convLayer = ConvolutionalLayer(c_in=1, c_out=6, K=7, filters=filters(6, 7))
stimuli = torch.stack([grating(angle) for angle in (-90, -45, 0, 45, 90)])[
    :, None
]  # (5, 1, 48, 64)
convout = convLayer(stimuli).detach()  # (5, 6, 48, 64)

# %% name="q4-answer"
activations_per_channel = 48 * 64
conv_weights = 7 * 7 * 1 * 6
conv_parameters = conv_weights + 6
fc_weights_one_unit_per_channel = (48 * 64) * 6
fc_weights_one_unit_per_activation = (48 * 64) * (6 * 48 * 64)

# %% name="q5-answer"
channels_0_1 = "center-surround"
channels_2_5 = "gabor"

# %% [markdown] name="q5-written"
# Channels 0 and 1 respond to every edge, whichever way it is turned: their filters are round, a
# center that is set against its surround, so turning an edge under them changes nothing. Channel
# 1 is the negative of channel 0, and so are its activations. Channels 2 to 5 respond to edges of
# one orientation each: their filters are light on one side and dark on the other, so an edge
# along that border adds up, and an edge across it cancels. Every filter has a mean of zero. Where
# the picture is flat, white or black, the sum is therefore zero, and only the edges (and the
# border of the picture, where the padding begins) stand out.

# %% name="q6-answer"
weights = convLayer.conv.weight.detach()  # (C_out, C_in, K, K) = (6, 1, 7, 7)


# %% name="q7-answer"
class ComplexCell(nn.Module):
    """Cells that are tuned to orientation and do not mind position.

    n_orientations: number of preferred orientations, evenly spaced from 0 to 180 degrees
    K: width and height of the kernels in pixels, odd
    """

    def __init__(self, n_orientations=4, K=7):
        super().__init__()
        self.gabors = filters(n_orientations + 2, K)[2:]  # (n_orientations, 1, K, K)
        self.padding = K // 2

    def forward(self, s):
        """Turn images s (N, 1, H, W) into responses (N, n_orientations)."""
        simple = nn.functional.conv2d(s, self.gabors.to(s), padding=self.padding)
        energy = simple**2  # (N, n_orientations, H, W): no sign, so no polarity
        return energy.sum(dim=(2, 3))  # (N, n_orientations): no place either


# %% [markdown] name="q7-written"
# Add up, or take the largest of, the responses of complex cells that prefer different
# orientations: pool over the Gabor channels as well as over the positions. A cell for a cross
# wants both of its orientations at once, so there a product of the two responses, or a threshold
# on their sum, would do.
