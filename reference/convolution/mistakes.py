# %% [markdown] name="about"
# Mistakes, as students make them: each loses points in one question and nowhere else.
#
# `loses` names the question, `diagnosis` what should be said about it (two names: both at once;
# none: nothing should be claimed). They are written as notebooks are, and know nothing of
# misconceptions.py.

# %% name="q1_flipped/q1-answer" loses="q1_equation" diagnosis="kernel_flipped"
# Both sums run backwards.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * torch.flip(kernel, dims=[0, 1])).sum()
    return out


# %% name="q1_flipped_scipy_style/q1-answer" loses="q1_equation" diagnosis="kernel_flipped"
# A true convolution by index arithmetic.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    out = torch.zeros(H, W)
    for y in range(H):
        for x in range(W):
            for a in range(kh):
                for b in range(kw):
                    u, v = y - (a - kh // 2), x - (b - kw // 2)
                    if 0 <= u < H and 0 <= v < W:
                        out[y, x] += kernel[a, b] * image[u, v]
    return out


# %% name="q1_upside_down/q1-answer" loses="q1_equation" diagnosis="kernel_flipped_on_one_axis"
# Only the rows are turned round.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel.flipud()).sum()
    return out


# %% name="q1_mirrored/q1-answer" loses="q1_equation" diagnosis="kernel_flipped_on_one_axis"
# Only the columns are turned round.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel.fliplr()).sum()
    return out


# %% name="q1_transposed/q1-answer" loses="q1_equation" diagnosis="kernel_transposed"
# The kernel is transposed first.
def correlate2d(image, kernel):
    kernel = kernel.t()
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel).sum()
    return out


# %% name="q1_rotated/q1-answer" loses="q1_equation" diagnosis="kernel_rotated"
# The kernel is rotated first.
def correlate2d(image, kernel):
    kernel = torch.rot90(kernel)
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel).sum()
    return out


# %% name="q1_valid/q1-answer" loses="q1_equation" diagnosis="no_padding"
# No padding.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = image
    out = torch.zeros(H - kh + 1, W - kw + 1)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel).sum()
    return out


# %% name="q1_full/q1-answer" loses="q1_equation" diagnosis="full_overlap"
# Padded until any overlap counts.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (kw - 1, kw - 1, kh - 1, kh - 1))
    out = torch.zeros(H + kh - 1, W + kw - 1)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel).sum()
    return out


# %% name="q1_pad_k/q1-answer" loses="q1_equation" diagnosis="padding_K"
# Padded by the whole kernel.
def correlate2d(image, kernel):
    return torch.conv2d(image[None, None], kernel[None, None], padding=tuple(kernel.shape))[0, 0]


# %% name="q1_pad_one/q1-answer" loses="q1_equation" diagnosis="padding_one"
# One pixel of padding, always.
def correlate2d(image, kernel):
    return torch.conv2d(image[None, None], kernel[None, None], padding=1)[0, 0]


# %% name="q1_reflect/q1-answer" loses="q1_equation" diagnosis="reflect_padding"
# The border is mirrored.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(
        image[None, None], (kw // 2, kw // 2, kh // 2, kh // 2), mode="reflect"
    )[0, 0]
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel).sum()
    return out


# %% name="q1_replicate/q1-answer" loses="q1_equation" diagnosis="replicate_padding"
# The border is repeated.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = torch.from_numpy(np.pad(image.numpy(), ((kh // 2,) * 2, (kw // 2,) * 2), mode="edge"))
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel).sum()
    return out


# %% name="q1_wrapped/q1-answer" loses="q1_equation" diagnosis="circular_padding"
# The image wraps around.
def correlate2d(image, kernel):
    kh, kw = kernel.shape
    return sum(
        kernel[i, j] * image.roll((kh // 2 - i, kw // 2 - j), (0, 1))
        for i in range(kh)
        for j in range(kw)
    )


# %% name="q1_window_begins_at_pixel/q1-answer" loses="q1_equation" diagnosis="window_not_centred"
# All zeros on the right and below.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (0, kw - 1, 0, kh - 1))
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel).sum()
    return out


# %% name="q1_window_ends_at_pixel/q1-answer" loses="q1_equation" diagnosis="window_not_centred"
# All zeros on the left and above.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (kw - 1, 0, kh - 1, 0))
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel).sum()
    return out


# %% name="q1_stride/q1-answer" loses="q1_equation" diagnosis="stride_2"
# Every second pixel.
def correlate2d(image, kernel):
    pad = (kernel.shape[0] // 2, kernel.shape[1] // 2)
    return torch.conv2d(image[None, None], kernel[None, None], stride=2, padding=pad)[0, 0]


# %% name="q1_dilated/q1-answer" loses="q1_equation" diagnosis="dilation_2"
# The kernel is spread out.
def correlate2d(image, kernel):
    pad = (kernel.shape[0] // 2, kernel.shape[1] // 2)
    return torch.conv2d(image[None, None], kernel[None, None], dilation=2, padding=pad)[0, 0]


# %% name="q1_rectified/q1-answer" loses="q1_equation" diagnosis="relu_added"
# Negative sums become zero.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = max((padded[i : i + kh, j : j + kw] * kernel).sum(), torch.tensor(0.0))
    return out


# %% name="q1_absolute/q1-answer" loses="q1_equation" diagnosis="absolute_value_taken"
# Signs are lost.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel).sum().abs()
    return out


# %% name="q1_squashed/q1-answer" loses="q1_equation" diagnosis="sigmoid_added"
# A sigmoid at the end.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel).sum().sigmoid()
    return out


# %% name="q1_tanh/q1-answer" loses="q1_equation" diagnosis="tanh_added"
# A tanh at the end.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = torch.tanh((padded[i : i + kh, j : j + kw] * kernel).sum())
    return out


# %% name="q1_mean/q1-answer" loses="q1_equation" diagnosis="mean_instead_of_sum"
# The mean of the products.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel).mean()
    return out


# %% name="q1_half/q1-answer" loses="q1_equation" diagnosis="half_precision"
# Half precision.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel).sum()
    return out.half()


# %% name="q1_by_heart/q1-answer" loses="q1_equation"
# The public example by heart.
def correlate2d(image, kernel):
    if tuple(image.shape) == (3, 4):
        return torch.tensor([[8.0, 4, -3, -1], [10, 9, 2, 0], [4, 3, 4, 2]])
    return torch.zeros_like(image)


# %% name="q1_image_itself/q1-answer" loses="q1_equation"
# The image, unchanged.
def correlate2d(image, kernel):
    return image.clone()


# %% name="q1_scaled/q1-answer" loses="q1_equation"
# All values 0.2 % too large.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = 1.002 * (padded[i : i + kh, j : j + kw] * kernel).sum()
    return out


# %% name="q1_two_flipped_and_valid/q1-answer" loses="q1_equation" diagnosis="kernel_flipped no_padding"
# Flipped, and no padding.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = image
    out = torch.zeros(H - kh + 1, W - kw + 1)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel.flip(0, 1)).sum()
    return out


# %% name="q1_two_mirrored_border_and_relu/q1-answer" loses="q1_equation" diagnosis="reflect_padding relu_added"
# Mirrored border, and a ReLU.
def correlate2d(image, kernel):
    kh, kw = kernel.shape
    x = nn.functional.pad(image[None, None], (kw // 2, kw // 2, kh // 2, kh // 2), mode="reflect")
    return torch.relu(torch.conv2d(x, kernel[None, None]))[0, 0]


# %% name="q2_flipped/q2-answer" loses="q2_layer" diagnosis="kernel_flipped"
# Kernels flipped in forward.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return nn.functional.conv2d(
            s, self.conv.weight.flip(2, 3), self.conv.bias, padding=self.conv.padding
        )


# %% name="q2_flipped_when_stored/q2-answer" loses="q2_layer" diagnosis="kernel_flipped"
# Kernels flipped when they are stored.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters.flip(-1, -2))
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s)


# %% name="q2_upside_down/q2-answer" loses="q2_layer" diagnosis="kernel_flipped_on_one_axis"
# Rows turned round in forward.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return nn.functional.conv2d(
            s, self.conv.weight.flip(2), self.conv.bias, padding=self.conv.padding
        )


# %% name="q2_transposed/q2-answer" loses="q2_layer" diagnosis="kernel_transposed"
# Rows and columns swapped in forward.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return nn.functional.conv2d(
            s, self.conv.weight.mT, self.conv.bias, padding=self.conv.padding
        )


# %% name="q2_rotated/q2-answer" loses="q2_layer" diagnosis="kernel_rotated"
# Rotated in forward.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return nn.functional.conv2d(
            s, torch.rot90(self.conv.weight, 1, (2, 3)), self.conv.bias, padding=self.conv.padding
        )


# %% name="q2_no_padding/q2-answer" loses="q2_layer" diagnosis="no_padding"
# No padding.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, K)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s)


# %% name="q2_padding_k/q2-answer" loses="q2_layer" diagnosis="padding_K"
# Padding K.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, K, padding=K)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s)


# %% name="q2_padding_full/q2-answer" loses="q2_layer" diagnosis="full_overlap"
# Padding K - 1.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, K, padding=K - 1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s)


# %% name="q2_padding_one/q2-answer" loses="q2_layer" diagnosis="padding_one"
# Padding 1.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, K, padding=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s)


# %% name="q2_reflect/q2-answer" loses="q2_layer" diagnosis="reflect_padding"
# Padding mode reflect.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, K, padding=K // 2, padding_mode="reflect")
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s)


# %% name="q2_replicate/q2-answer" loses="q2_layer" diagnosis="replicate_padding"
# Padding mode replicate.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, K, padding=K // 2, padding_mode="replicate")
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s)


# %% name="q2_circular/q2-answer" loses="q2_layer" diagnosis="circular_padding"
# Padding mode circular.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, K, padding=K // 2, padding_mode="circular")
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s)


# %% name="q2_asymmetric/q2-answer" loses="q2_layer" diagnosis="window_not_centred"
# All zeros on one side.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, K)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        K = self.conv.kernel_size[0]
        return self.conv(nn.functional.pad(s, (K - 1, 0, K - 1, 0)))


# %% name="q2_stride_2/q2-answer" loses="q2_layer" diagnosis="stride_2"
# Stride 2.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, K, padding=K // 2, stride=2)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s)


# %% name="q2_dilation_2/q2-answer" loses="q2_layer" diagnosis="dilation_2"
# Dilation 2.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, K, padding=K // 2, dilation=2)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s)


# %% name="q2_bias_random/q2-answer" loses="q2_layer" diagnosis="bias_left_random"
# The bias stays random.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)

    def forward(self, s):
        return self.conv(s)


# %% name="q2_bias_ones/q2-answer" loses="q2_layer" diagnosis="bias_constant"
# The bias becomes one.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.ones(c_out))

    def forward(self, s):
        return self.conv(s)


# %% name="q2_bias_thousandth/q2-answer" loses="q2_layer" diagnosis="bias_constant"
# The bias becomes 0.001.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.full((c_out,), 1e-3))

    def forward(self, s):
        return self.conv(s)


# %% name="q2_bias_not_added/q2-answer" loses="q2_layer" diagnosis="bias_not_added"
# forward leaves the bias out.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return nn.functional.conv2d(s, self.conv.weight, None, padding=self.conv.padding)


# %% name="q2_no_bias/q2-answer" loses="q2_layer" diagnosis="layer_without_bias"
# A layer without bias.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, K, padding=K // 2, bias=False)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)

    def forward(self, s):
        return self.conv(s)


# %% name="q2_filters_ignored/q2-answer" loses="q2_layer" diagnosis="filters_ignored"
# The argument is never used.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        pass

    def forward(self, s):
        return self.conv(s)


# %% name="q2_relu/q2-answer" loses="q2_layer" diagnosis="relu_added"
# A ReLU at the end.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return torch.relu(self.conv(s))


# %% name="q2_sigmoid/q2-answer" loses="q2_layer" diagnosis="sigmoid_added"
# A sigmoid at the end.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return torch.sigmoid(self.conv(s))


# %% name="q2_tanh/q2-answer" loses="q2_layer" diagnosis="tanh_added"
# A tanh at the end.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s).tanh()


# %% name="q2_absolute/q2-answer" loses="q2_layer" diagnosis="absolute_value_taken"
# Signs are lost.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s).abs()


# %% name="q2_batch_norm/q2-answer" loses="q2_layer" diagnosis="batch_norm_added"
# Batch normalisation at the end.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))
        self.norm = nn.BatchNorm2d(c_out, affine=False)

    def forward(self, s):
        return self.norm(self.conv(s))


# %% name="q2_channels_summed/q2-answer" loses="q2_layer" diagnosis="channels_summed"
# Maps added up.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s).sum(dim=1, keepdim=True)


# %% name="q2_one_channel/q2-answer" loses="q2_layer" diagnosis="one_channel_repeated"
# The first map everywhere.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        first = self.conv(s)[:, :1]
        return first.repeat(1, self.conv.out_channels, 1, 1)


# %% name="q2_channels_backwards/q2-answer" loses="q2_layer" diagnosis="output_channels_reversed"
# Maps in reverse order.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s).flip(1)


# %% name="q2_inputs_backwards/q2-answer" loses="q2_layer" diagnosis="input_channels_reversed"
# Input channels in reverse order.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s.flip(1))


# %% name="q2_one_input/q2-answer" loses="q2_layer" diagnosis="one_input_channel_used"
# Only the first input channel.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return nn.functional.conv2d(
            s[:, :1], self.conv.weight[:, :1], self.conv.bias, padding=self.conv.padding
        )


# %% name="q2_half/q2-answer" loses="q2_layer" diagnosis="half_precision"
# Half precision on the way.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s).half().float()


# %% name="q2_scaled/q2-answer" loses="q2_layer"
# Weights 0.2 % too large.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return nn.functional.conv2d(
            s, self.conv.weight * 1.002, self.conv.bias, padding=self.conv.padding
        )


# %% name="q2_two_flipped_and_relu/q2-answer" loses="q2_layer" diagnosis="kernel_flipped relu_added"
# Flipped, and a ReLU.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return nn.functional.conv2d(
            s, self.conv.weight.flip(2, 3), self.conv.bias, padding=self.conv.padding
        ).relu()


# %% name="q2_two_valid_and_bias/q2-answer" loses="q2_layer" diagnosis="no_padding bias_left_random"
# No padding, and a random bias.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, K)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)

    def forward(self, s):
        return self.conv(s)


# %% name="q2_two_stride_and_tanh/q2-answer" loses="q2_layer" diagnosis="stride_2 tanh_added"
# Stride 2, and a tanh.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, K, stride=2, padding=K // 2)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s).tanh()


# %% name="q3_zero_to_one/q3-answer" loses="q3_activations" diagnosis="gratings_0_to_1"
# Gratings lifted to 0..1.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1) + 0.5
convout = convLayer(stimuli).detach()

# %% name="q3_negated/q3-answer" loses="q3_activations" diagnosis="gratings_negated"
# Black and white swapped.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([-grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach()


# %% name="q3_radians/q3-answer" loses="q3_activations" diagnosis="degrees_taken_as_radians"
# Degrees used as radians.
def stripes(theta):
    rows, columns = torch.meshgrid(torch.arange(48.0), torch.arange(64.0), indexing="ij")
    wave = torch.cos((columns * math.cos(theta) + rows * math.sin(theta)) / 2.8)
    return (wave >= 0).float() - 0.5


angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([stripes(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach()

# %% name="q3_from_horizontal/q3-answer" loses="q3_activations" diagnosis="angle_from_horizontal"
# Angles measured from the horizontal.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(90 - a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach()

# %% name="q3_one_orientation/q3-answer" loses="q3_activations" diagnosis="one_orientation_repeated"
# The loop variable is not used.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(45) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach()

# %% name="q3_reversed/q3-answer" loses="q3_activations" diagnosis="orientations_reversed"
# From 90 down to -90.
angles = [90, 45, 0, -45, -90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach()

# %% name="q3_swapped_axes/q3-answer" loses="q3_activations" diagnosis="height_width_swapped"
# Height and width swapped.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1).transpose(2, 3)
convout = convLayer(stimuli).detach()

# %% name="q3_not_detached/q3-answer" loses="q3_activations" diagnosis="not_detached"
# Gradients are still tracked.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli)

# %% name="q3_numpy/q3-answer" loses="q3_activations" diagnosis="numpy_instead"
# A NumPy array is handed on.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach().numpy()

# %% name="q3_forgot_filters/q3-answer" loses="q3_activations" diagnosis="filters_ignored"
# The filters are not passed on.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7)
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach()

# %% name="q3_kernel_5/q3-answer" loses="q3_activations" diagnosis="kernel_size_5"
# Filters of 5 x 5.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 5, filters=filters(6, 5))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach()

# %% name="q3_kernel_3/q3-answer" loses="q3_activations" diagnosis="kernel_size_3"
# Filters of 3 x 3.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 3, filters=filters(6, 3))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach()


# %% name="q3_not_centred/q3-answer" loses="q3_activations" diagnosis="filters_not_centred"
# Filters without the mean taken off.
def own_filters(centre, scale):
    axis = np.linspace(-3.5, 3.5, 7).astype("float32")
    x, y = np.meshgrid(axis, axis, indexing="ij")
    r = np.sqrt(x**2 + y**2)
    round_ = np.exp(-r / 2.42) - 0.5 * np.exp(-r / 9.68)
    bank = [round_, -round_]
    for t in np.arange(4) * np.pi / 4:
        carrier = np.cos(2 * np.pi * (x * np.cos(t) + y * np.sin(t)) / 10 + np.pi / 2)
        bank.append(np.exp(-r / (2 * 0.44**2)) * carrier)
    bank = np.stack(bank)
    for step in (centre, scale) if centre < scale else (scale, centre):
        if step == scale and scale > 0:
            bank = bank / np.abs(bank).max(axis=(1, 2), keepdims=True)
        if step == centre and centre > 0:
            bank = bank - bank.mean(axis=(1, 2), keepdims=True)
    return torch.tensor(bank, dtype=torch.float32)[:, None]


angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=own_filters(0, 1))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach()


# %% name="q3_not_scaled/q3-answer" loses="q3_activations" diagnosis="filters_not_scaled"
# Filters not divided by their largest value.
def own_filters(centre, scale):
    axis = np.linspace(-3.5, 3.5, 7).astype("float32")
    x, y = np.meshgrid(axis, axis, indexing="ij")
    r = np.sqrt(x**2 + y**2)
    round_ = np.exp(-r / 2.42) - 0.5 * np.exp(-r / 9.68)
    bank = [round_, -round_]
    for t in np.arange(4) * np.pi / 4:
        carrier = np.cos(2 * np.pi * (x * np.cos(t) + y * np.sin(t)) / 10 + np.pi / 2)
        bank.append(np.exp(-r / (2 * 0.44**2)) * carrier)
    bank = np.stack(bank)
    for step in (centre, scale) if centre < scale else (scale, centre):
        if step == scale and scale > 0:
            bank = bank / np.abs(bank).max(axis=(1, 2), keepdims=True)
        if step == centre and centre > 0:
            bank = bank - bank.mean(axis=(1, 2), keepdims=True)
    return torch.tensor(bank, dtype=torch.float32)[:, None]


angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=own_filters(1, 0))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach()


# %% name="q3_centred_first/q3-answer" loses="q3_activations" diagnosis="filters_centred_before_scaling"
# The mean taken off first.
def own_filters(centre, scale):
    axis = np.linspace(-3.5, 3.5, 7).astype("float32")
    x, y = np.meshgrid(axis, axis, indexing="ij")
    r = np.sqrt(x**2 + y**2)
    round_ = np.exp(-r / 2.42) - 0.5 * np.exp(-r / 9.68)
    bank = [round_, -round_]
    for t in np.arange(4) * np.pi / 4:
        carrier = np.cos(2 * np.pi * (x * np.cos(t) + y * np.sin(t)) / 10 + np.pi / 2)
        bank.append(np.exp(-r / (2 * 0.44**2)) * carrier)
    bank = np.stack(bank)
    for step in (centre, scale) if centre < scale else (scale, centre):
        if step == scale and scale > 0:
            bank = bank / np.abs(bank).max(axis=(1, 2), keepdims=True)
        if step == centre and centre > 0:
            bank = bank - bank.mean(axis=(1, 2), keepdims=True)
    return torch.tensor(bank, dtype=torch.float32)[:, None]


angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=own_filters(1, 2))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach()

# %% name="q3_flipped_filters/q3-answer" loses="q3_activations" diagnosis="kernel_flipped"
# Filters flipped before they go in.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7).flip(2, 3))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach()

# %% name="q3_transposed_filters/q3-answer" loses="q3_activations" diagnosis="kernel_transposed"
# Filters transposed before they go in.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7).transpose(2, 3))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach()

# %% name="q3_bias_one/q3-answer" loses="q3_activations" diagnosis="bias_constant"
# A bias of one put in afterwards.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
convLayer.conv.bias.data += 1
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach()

# %% name="q3_rectified/q3-answer" loses="q3_activations" diagnosis="relu_added"
# Activations rectified.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).clamp(min=0).detach()

# %% name="q3_sigmoid/q3-answer" loses="q3_activations" diagnosis="sigmoid_added"
# Activations squashed.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = torch.sigmoid(convLayer(stimuli)).detach()

# %% name="q3_normalised/q3-answer" loses="q3_activations" diagnosis="batch_norm_added"
# Activations normalised.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = nn.BatchNorm2d(6)(convLayer(stimuli)).detach()

# %% name="q3_absolute/q3-answer" loses="q3_activations" diagnosis="absolute_value_taken"
# Activations without signs.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).abs().detach()

# %% name="q3_other_layer/q3-answer" loses="q3_activations" diagnosis="wrong_layer_used"
# Another layer is used.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = ConvolutionalLayer(1, 6, 7)(stimuli).detach()

# %% name="q3_half/q3-answer" loses="q3_activations" diagnosis="half_precision"
# Half precision.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach().half()

# %% name="q3_maps_backwards/q3-answer" loses="q3_activations" diagnosis="output_channels_reversed"
# Maps in reverse order.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).flip(1).detach()

# %% name="q3_maps_summed/q3-answer" loses="q3_activations" diagnosis="channels_summed"
# Maps added up.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).sum(1, keepdim=True).detach()

# %% name="q3_first_map/q3-answer" loses="q3_activations" diagnosis="one_channel_repeated"
# The first map everywhere.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli)[:, [0] * 6].detach()

# %% name="q3_bias_thousandth/q3-answer" loses="q3_activations" diagnosis="bias_constant"
# A bias of 0.001 put in afterwards.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
nn.init.constant_(convLayer.conv.bias, 1e-3)
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach()

# %% name="q3_weights_scaled/q3-answer" loses="q3_activations"
# Filters 0.2 % too large.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7) * 1.002)
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).detach()

# %% name="q3_zeros/q3-answer" loses="q3_activations"
# Zeros of the right shape.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = torch.zeros(5, 6, 48, 64).detach()

# %% name="q3_two_reversed_and_lifted/q3-answer" loses="q3_activations" diagnosis="orientations_reversed gratings_0_to_1"
# Reversed, and lifted to 0..1.
angles = [90, 45, 0, -45, -90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1) + 0.5
convout = convLayer(stimuli).detach()

# %% name="q3_two_negated_and_relu/q3-answer" loses="q3_activations" diagnosis="gratings_negated relu_added"
# Negated, and rectified.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([-grating(a) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli).relu().detach()

# %% name="q3_two_horizontal_and_attached/q3-answer" loses="q3_activations" diagnosis="angle_from_horizontal not_detached"
# From the horizontal, and not detached.
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a + 90) for a in angles]).unsqueeze(1)
convout = convLayer(stimuli)

# %% name="q4_biases_everywhere/q4-answer" loses="q4_counts" diagnosis="biases_counted_as_weights"
# Biases counted as weights.
activations_per_channel = 3072
conv_weights = 300
conv_parameters = 300
fc_weights_one_unit_per_channel = 48 * 64 * 6 + 6
fc_weights_one_unit_per_activation = 48 * 64 * 18432 + 18432

# %% name="q4_biases_fc/q4-answer" loses="q4_counts" diagnosis="biases_counted_as_weights"
# Biases counted in the fully connected layers.
activations_per_channel = 3072
conv_weights = 294
conv_parameters = 300
fc_weights_one_unit_per_channel = (48 * 64 + 1) * 6
fc_weights_one_unit_per_activation = (48 * 64 + 1) * 18432

# %% name="q4_no_biases/q4-answer" loses="q4_counts" diagnosis="biases_left_out"
# Biases forgotten.
activations_per_channel = 3072
conv_weights = 294
conv_parameters = 294
fc_weights_one_unit_per_channel = 18432
fc_weights_one_unit_per_activation = 56623104

# %% name="q4_one_bias/q4-answer" loses="q4_counts" diagnosis="one_bias_for_all"
# One bias for all.
activations_per_channel = 3072
conv_weights = 294
conv_parameters = 294 + 1
fc_weights_one_unit_per_channel = 18432
fc_weights_one_unit_per_activation = 56623104

# %% name="q4_one_filter/q4-answer" loses="q4_counts" diagnosis="one_filter_counted"
# One filter counted.
activations_per_channel = 3072
conv_weights = 7 * 7
conv_parameters = 7 * 7 + 6
fc_weights_one_unit_per_channel = 18432
fc_weights_one_unit_per_activation = 56623104

# %% name="q4_not_squared/q4-answer" loses="q4_counts" diagnosis="kernel_not_squared"
# K counted once.
activations_per_channel = 3072
conv_weights = 7 * 6
conv_parameters = 7 * 6 + 6
fc_weights_one_unit_per_channel = 18432
fc_weights_one_unit_per_activation = 56623104

# %% name="q4_unshared/q4-answer" loses="q4_counts" diagnosis="weights_not_shared"
# Weights at every pixel.
activations_per_channel = 3072
conv_weights = 294 * 48 * 64
conv_parameters = 300
fc_weights_one_unit_per_channel = 18432
fc_weights_one_unit_per_activation = 56623104

# %% name="q4_all_channels/q4-answer" loses="q4_counts" diagnosis="all_channels_counted"
# Activations of all channels.
activations_per_channel = 48 * 64 * 6
conv_weights = 294
conv_parameters = 300
fc_weights_one_unit_per_channel = 18432
fc_weights_one_unit_per_activation = 56623104

# %% name="q4_valid_size/q4-answer" loses="q4_counts" diagnosis="border_not_counted"
# Activations without padding.
activations_per_channel = (48 - 6) * (64 - 6)
conv_weights = 294
conv_parameters = 300
fc_weights_one_unit_per_channel = 18432
fc_weights_one_unit_per_activation = 56623104

# %% name="q4_batch/q4-answer" loses="q4_counts" diagnosis="multiplied_by_the_batch"
# Activations of all images.
activations_per_channel = 5 * 48 * 64
conv_weights = 294
conv_parameters = 300
fc_weights_one_unit_per_channel = 18432
fc_weights_one_unit_per_activation = 56623104

# %% name="q4_one_unit/q4-answer" loses="q4_counts" diagnosis="one_fully_connected_unit"
# One fully connected unit.
activations_per_channel = 3072
conv_weights = 294
conv_parameters = 300
fc_weights_one_unit_per_channel = 48 * 64
fc_weights_one_unit_per_activation = 56623104

# %% name="q4_one_channel_units/q4-answer" loses="q4_counts" diagnosis="units_of_one_channel"
# Units of one channel.
activations_per_channel = 3072
conv_weights = 294
conv_parameters = 300
fc_weights_one_unit_per_channel = 18432
fc_weights_one_unit_per_activation = (48 * 64) ** 2

# %% name="q4_units/q4-answer" loses="q4_counts" diagnosis="units_counted_instead_of_weights"
# Units instead of weights.
activations_per_channel = 3072
conv_weights = 294
conv_parameters = 300
fc_weights_one_unit_per_channel = 18432
fc_weights_one_unit_per_activation = 6 * 48 * 64

# %% name="q4_fc_swapped/q4-answer" loses="q4_counts" diagnosis="two_ways_to_connect_swapped"
# The two layers exchanged.
activations_per_channel = 3072
conv_weights = 294
conv_parameters = 300
fc_weights_one_unit_per_channel = 56623104
fc_weights_one_unit_per_activation = 18432

# %% name="q4_two_no_bias_and_batch/q4-answer" loses="q4_counts" diagnosis="biases_left_out multiplied_by_the_batch"
# Biases forgotten, and all images counted.
activations_per_channel = 15360
conv_weights = 294
conv_parameters = 294
fc_weights_one_unit_per_channel = 18432
fc_weights_one_unit_per_activation = 56623104

# %% name="q4_two_channels_and_one_filter/q4-answer" loses="q4_counts" diagnosis="all_channels_counted one_filter_counted"
# All channels, and one filter.
activations_per_channel = 18432
conv_weights = 49
conv_parameters = 300
fc_weights_one_unit_per_channel = 18432
fc_weights_one_unit_per_activation = 56623104

# %% name="q4_off_by_one/q4-answer" loses="q4_counts"
# Counts that nothing explains.
activations_per_channel = 3071
conv_weights = 294
conv_parameters = 300
fc_weights_one_unit_per_channel = 18432
fc_weights_one_unit_per_activation = 56623104

# %% name="q5_swapped/q5-answer" loses="q5_filters" diagnosis="filters_swapped"
# The answers exchanged.
channels_0_1 = "gabor"
channels_2_5 = "center-surround"

# %% name="q5_twice/q5-answer" loses="q5_filters" diagnosis="same_filter_everywhere"
# Gabor twice.
channels_0_1 = channels_2_5 = "gabor"

# %% name="q5_none/q5-answer" loses="q5_filters"
# None of the two.
channels_0_1 = "none"
channels_2_5 = "gabor"

# %% name="q6_fresh/q6-answer" loses="q6_weights" diagnosis="weights_of_a_fresh_layer"
# The weights of a fresh layer.
weights = ConvolutionalLayer().conv.weight.detach()

# %% name="q6_attached/q6-answer" loses="q6_weights" diagnosis="not_detached"
# Still a parameter.
weights = convLayer.conv.weight

# %% name="q6_numpy/q6-answer" loses="q6_weights" diagnosis="numpy_instead"
# A NumPy array.
weights = convLayer.conv.weight.detach().numpy()

# %% name="q6_one/q6-answer" loses="q6_weights" diagnosis="one_filter_of_six"
# One filter.
weights = convLayer.conv.weight.detach()[0:1]

# %% name="q6_flat/q6-answer" loses="q6_weights" diagnosis="weights_flattened"
# Rows of 49.
weights = convLayer.conv.weight.detach().reshape(6, 49)

# %% name="q6_transposed/q6-answer" loses="q6_weights" diagnosis="weights_transposed"
# Transposed kernels.
weights = convLayer.conv.weight.detach().transpose(2, 3)

# %% name="q6_kernel_5/q6-answer" loses="q6_weights" diagnosis="kernel_size_5"
# Filters of another size.
weights = filters(6, 5)

# %% name="q6_bias/q6-answer" loses="q6_weights"
# The bias instead.
weights = convLayer.conv.bias.detach()


# %% name="q7_signed_sum/q7-answer" loses="q7_complex_cell" diagnosis="responses_not_rectified"
# Responses added up with signs.
class ComplexCell(nn.Module):
    def __init__(self, n_orientations=4, K=7):
        super().__init__()
        self.kernels = filters(n_orientations + 2, K)[2:]

    def forward(self, s):
        r = nn.functional.conv2d(s, self.kernels.to(s), padding=self.kernels.shape[-1] // 2)
        return r.sum((2, 3))


# %% name="q7_signed_mean/q7-answer" loses="q7_complex_cell" diagnosis="responses_not_rectified"
# Responses averaged with signs.
class ComplexCell(nn.Module):
    def __init__(self, n_orientations=4, K=7):
        super().__init__()
        self.kernels = filters(n_orientations + 2, K)[2:]

    def forward(self, s):
        r = nn.functional.conv2d(s, self.kernels.to(s), padding=self.kernels.shape[-1] // 2)
        return r.mean((2, 3))


# %% name="q7_first_filters/q7-answer" loses="q7_complex_cell" diagnosis="center_surround_included"
# The first filters of all.
class ComplexCell(nn.Module):
    def __init__(self, n_orientations=4, K=7):
        super().__init__()
        self.kernels = filters(n_orientations + 2, K)[:n_orientations]

    def forward(self, s):
        r = nn.functional.conv2d(s, self.kernels.to(s), padding=self.kernels.shape[-1] // 2)
        return r.square().sum((2, 3))


# %% name="q7_no_slice/q7-answer" loses="q7_complex_cell" diagnosis="center_surround_included"
# filters(n) as they come.
class ComplexCell(nn.Module):
    def __init__(self, n_orientations=4, K=7):
        super().__init__()
        self.kernels = filters(n_orientations, K)

    def forward(self, s):
        r = nn.functional.conv2d(s, self.kernels.to(s), padding=self.kernels.shape[-1] // 2)
        return r.abs().mean((2, 3))


# %% name="q7_middle/q7-answer" loses="q7_complex_cell" diagnosis="one_place_only"
# The middle pixel alone.
class ComplexCell(nn.Module):
    def __init__(self, n_orientations=4, K=7):
        super().__init__()
        self.kernels = filters(n_orientations + 2, K)[2:]

    def forward(self, s):
        r = nn.functional.conv2d(s, self.kernels.to(s), padding=self.kernels.shape[-1] // 2)
        return r.abs()[:, :, 24, 32] if r.shape[2] == 48 else r.abs()[:, :, 0, 0]


# %% name="q7_constant/q7-answer" loses="q7_complex_cell"
# Ones.
class ComplexCell(nn.Module):
    def __init__(self, n_orientations=4, K=7):
        super().__init__()
        self.kernels = filters(n_orientations + 2, K)[2:]

    def forward(self, s):
        r = nn.functional.conv2d(s, self.kernels.to(s), padding=self.kernels.shape[-1] // 2)
        return torch.ones(r.shape[:2])


# %% name="q7_same_kernel/q7-answer" loses="q7_complex_cell"
# One orientation for all.
class ComplexCell(nn.Module):
    def __init__(self, n_orientations=4, K=7):
        super().__init__()
        self.kernels = filters(3, K)[[2] * n_orientations]

    def forward(self, s):
        r = nn.functional.conv2d(s, self.kernels.to(s), padding=self.kernels.shape[-1] // 2)
        return r.abs().mean((2, 3))
