# %% [markdown] name="about"
# Right answers by other routes and in other styles. Each earns everything.
#
# One cell replaces one cell of the solved notebook; cells of the same name before the slash go
# together. The first comment says which route it is.

# %% name="four_loops/q1-answer"
# Four loops and a test whether the pixel is inside.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    out = torch.zeros(H, W)
    for y in range(H):
        for x in range(W):
            total = 0.0
            for ky in range(kh):
                for kx in range(kw):
                    yy, xx = y + ky - kh // 2, x + kx - kw // 2
                    if 0 <= yy < H and 0 <= xx < W:
                        total += float(kernel[ky, kx]) * float(image[yy, xx])
            out[y, x] = total
    return out


# %% name="functional_conv2d/q1-answer"
# torch does the sum, the padding is given for each axis.
import torch.nn.functional as F


def correlate2d(image, kernel):
    kh, kw = kernel.shape
    return F.conv2d(image[None, None], kernel[None, None], padding=(kh // 2, kw // 2))[0, 0]


# %% name="functional_conv2d/q2-answer"
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return nn.functional.conv2d(
            s, self.conv.weight, self.conv.bias, padding=self.conv.kernel_size[0] // 2
        )


# %% name="padding_same/q1-answer"
# The padding is left to torch, by name.
def correlate2d(image, kernel):
    return nn.functional.conv2d(image[None, None], kernel[None, None], padding="same")[0, 0]


# %% name="padding_same/q2-answer"
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, K, padding="same")
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s)


# %% name="unfold_and_matmul/q1-answer"
# Windows as columns and one matrix product.
def correlate2d(image, kernel):
    kh, kw = kernel.shape
    columns = nn.functional.unfold(image[None, None], (kh, kw), padding=(kh // 2, kw // 2))
    return (kernel.reshape(1, -1) @ columns[0]).reshape(image.shape)


# %% name="unfold_and_matmul/q2-answer"
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.K = K
        start = torch.randn(c_out, c_in, K, K) / K if filters is None else filters.clone()
        self.weight = nn.Parameter(start)
        self.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        N, _, H, W = s.shape
        columns = nn.functional.unfold(s, self.K, padding=self.K // 2)
        out = self.weight.flatten(1) @ columns + self.bias[:, None]
        return out.reshape(N, -1, H, W)


# %% name="unfold_and_matmul/q6-answer"
weights = convLayer.weight.detach()


# %% name="strided_windows/q1-answer"
# All windows at once, as a view, and einsum.
def correlate2d(image, kernel):
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    windows = padded.unfold(0, kh, 1).unfold(1, kw, 1)
    return torch.einsum("hwij,ij->hw", windows, kernel)


# %% name="strided_windows/q2-answer"
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        K = self.conv.weight.shape[-1]
        padded = nn.functional.pad(s, (K // 2,) * 4)
        windows = padded.unfold(2, K, 1).unfold(3, K, 1)
        out = torch.einsum("nchwij,ocij->nohw", windows, self.conv.weight)
        return out + self.conv.bias[None, :, None, None]


# %% name="shift_and_add/q1-answer"
# One shifted image for each entry of the kernel.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = torch.zeros(H + kh - 1, W + kw - 1)
    padded[kh // 2 : kh // 2 + H, kw // 2 : kw // 2 + W] = image
    return sum(kernel[i, j] * padded[i : i + H, j : j + W] for i in range(kh) for j in range(kw))


# %% name="shift_and_add/q2-answer"
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        w, K = self.conv.weight, self.conv.weight.shape[-1]
        H, W = s.shape[2:]
        p = nn.functional.pad(s, (K // 2,) * 4)
        out = self.conv.bias[None, :, None, None].expand(len(s), -1, H, W).clone()
        for i in range(K):
            for j in range(K):
                out += torch.einsum("oc,nchw->nohw", w[:, :, i, j], p[:, :, i : i + H, j : j + W])
        return out


# %% name="fft/q1-answer"
# The convolution theorem, with the kernel turned round to undo its flip.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    size = (H + kh - 1, W + kw - 1)
    product = torch.fft.rfft2(image, s=size) * torch.fft.rfft2(kernel.flip(0, 1), s=size)
    full = torch.fft.irfft2(product, s=size)
    return full[kh // 2 : kh // 2 + H, kw // 2 : kw // 2 + W]


# %% name="fft/q2-answer"
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        w, b, K = self.conv.weight, self.conv.bias, self.conv.weight.shape[-1]
        H, W = s.shape[-2:]
        size = (H + K - 1, W + K - 1)
        fs = torch.fft.rfft2(s, s=size)[:, None]
        fw = torch.fft.rfft2(w.flip(-2, -1), s=size)[None]
        full = torch.fft.irfft2((fs * fw).sum(2), s=size)
        return full[..., K // 2 : K // 2 + H, K // 2 : K // 2 + W] + b[None, :, None, None]


# %% name="float64_then_cast/q1-answer"
# Computed in float64 and cast back.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw].double() * kernel.double()).sum().float()
    return out


# %% name="float64_then_cast/q3-answer"
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = convLayer.double()(stimuli.double()).detach().float()


# %% name="float64_kept/q1-answer"
# Computed in float64 and left so.
def correlate2d(image, kernel):
    kh, kw = kernel.shape
    image, kernel = image.double()[None, None], kernel.double()[None, None]
    return nn.functional.conv2d(image, kernel, padding=(kh // 2, kw // 2))[0, 0]


# %% name="numpy_and_back/q1-answer"
# NumPy inside, a tensor outside.
def correlate2d(image, kernel):
    a, k = image.numpy(), kernel.numpy()
    kh, kw = k.shape
    a = np.pad(a, ((kh // 2, kh // 2), (kw // 2, kw // 2)))
    windows = np.lib.stride_tricks.sliding_window_view(a, (kh, kw))
    return torch.from_numpy(np.tensordot(windows, k, axes=((2, 3), (0, 1))))


# %% name="rows_first/q1-answer"
# One-dimensional correlations of rows, added up.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    out = torch.zeros(H, W)
    for i in range(kh):
        rows = nn.functional.conv1d(image[:, None], kernel[i][None, None], padding=kw // 2)[:, 0]
        shift = i - kh // 2
        lower, upper = max(0, -shift), min(H, H - shift)
        out[lower:upper] += rows[lower + shift : upper + shift]
    return out


# %% name="scatter/q1-answer"
# Each pixel hands its value to all windows that see it.
def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    out = torch.zeros(H + kh - 1, W + kw - 1)
    for y in range(H):
        for x in range(W):
            out[y : y + kh, x : x + kw] += image[y, x] * kernel.flip(0, 1)
    return out[kh // 2 : kh // 2 + H, kw // 2 : kw // 2 + W]


# %% name="transposed_convolution/q1-answer"
# The adjoint with a flipped kernel, cut to size.
def correlate2d(image, kernel):
    kh, kw = kernel.shape
    return nn.functional.conv_transpose2d(
        image[None, None], kernel.flip(0, 1)[None, None], padding=(kh // 2, kw // 2)
    )[0, 0]


# %% name="outer_products/q1-answer"
# The kernel as a sum of rank-one kernels (SVD).
def correlate2d(image, kernel):
    u, s, v = torch.linalg.svd(kernel.double(), full_matrices=False)
    out = torch.zeros_like(image, dtype=torch.float64)
    for k in range(len(s)):
        column = (u[:, k] * s[k])[None, None, :, None]
        row = v[k][None, None, None, :]
        step = nn.functional.conv2d(
            image.double()[None, None], column, padding=(len(column[0, 0]) // 2, 0)
        )
        out += nn.functional.conv2d(step, row, padding=(0, row.shape[-1] // 2))[0, 0]
    return out.float()


# %% name="zero_pad_module/q2-answer"
# ZeroPad2d before a convolution without padding.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.pad = nn.ZeroPad2d(K // 2)
        self.conv = nn.Conv2d(c_in, c_out, K)
        if filters is not None:
            with torch.no_grad():
                self.conv.weight[:] = filters
                self.conv.bias.zero_()

    def forward(self, s):
        return self.conv(self.pad(s))


# %% name="weights_through_data/q2-answer"
# Weights and bias set through .data.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight.data = filters
            self.conv.bias.data.fill_(0)

    def forward(self, s):
        return self.conv(s)


# %% name="weights_by_copy/q2-answer"
# Weights set by copy_, activations under no_grad.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            with torch.no_grad():
                self.conv.weight.copy_(filters)
                self.conv.bias.copy_(torch.zeros(c_out))

    def forward(self, s):
        return self.conv(s)


# %% name="weights_by_copy/q3-answer"
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
with torch.no_grad():
    convout = convLayer(stimuli)


# %% name="initializers/q2-answer"
# torch.nn.init sets them.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters.clone())
            nn.init.zeros_(self.conv.bias)

    def forward(self, s):
        return self.conv(s)


# %% name="state_dict_loaded/q2-answer"
# A state_dict is loaded into the inner layer.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.load_state_dict({"weight": filters, "bias": torch.zeros(c_out)})

    def forward(self, s):
        return self.conv(s)


# %% name="sequential/q2-answer"
# The convolution sits in a Sequential.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(c_in, c_out, K, padding=K // 2))
        if filters is not None:
            self.net[0].weight = nn.Parameter(filters)
            nn.init.zeros_(self.net[0].bias)

    def forward(self, s):
        return self.net(s)


# %% name="sequential/q6-answer"
weights = convLayer.net[0].weight.detach()


# %% name="linear_on_windows/q2-answer"
# A linear layer that reads windows.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.K = K
        self.lin = nn.Linear(c_in * K * K, c_out)
        if filters is not None:
            self.lin.weight = nn.Parameter(filters.flatten(1))
            self.lin.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        columns = nn.functional.unfold(s, self.K, padding=self.K // 2).transpose(1, 2)
        return self.lin(columns).transpose(1, 2).reshape(len(s), -1, *s.shape[2:])


# %% name="linear_on_windows/q6-answer"
weights = convLayer.lin.weight.detach().reshape(6, 1, 7, 7)


# %% name="image_by_image/q2-answer"
# Images go through the layer one at a time.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        return torch.cat([self.conv(each[None]) for each in s])


# %% name="image_by_image/q3-answer"
angles = [-90, -45, 0, 45, 90]
convLayer = ConvolutionalLayer(1, 6, 7, filters=filters(6, 7))
stimuli = torch.stack([grating(a) for a in angles]).unsqueeze(1)
convout = torch.cat([convLayer(s[None]) for s in stimuli]).detach()


# %% name="channel_by_channel/q2-answer"
# Kernels go over the images one at a time.
class ConvolutionalLayer(nn.Module):
    def __init__(self, c_in=1, c_out=6, K=7, filters=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size=K, padding=K // 2, stride=1)
        if filters is not None:
            self.conv.weight = nn.Parameter(filters)
            self.conv.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, s):
        maps = [
            nn.functional.conv2d(s, w[None], b[None], padding=w.shape[-1] // 2)
            for w, b in zip(self.conv.weight, self.conv.bias)
        ]
        return torch.cat(maps, dim=1)


# %% name="filled_in_a_loop/q3-answer"
# Stimuli written into a tensor of zeros.
orientations = [-90, -45, 0, 45, 90]
H, W = grating(0).shape
convLayer = ConvolutionalLayer(1, 6, 7, filters(6, 7))
stimuli = torch.zeros((len(orientations), 1, H, W), dtype=torch.float32)
for i, ori in enumerate(orientations):
    stimuli[i, 0] = grating(ori)
convout = convLayer(stimuli)
convout = convout.detach()

# %% name="concatenated/q3-answer"
# Stimuli concatenated, by way of NumPy.
convLayer = ConvolutionalLayer(filters=filters())
images = [np.asarray(grating(angle))[None, None] for angle in np.linspace(-90, 90, 5)]
stimuli = torch.from_numpy(np.concatenate(images))
convout = convLayer(stimuli).data

# %% name="plain_conv2d/q3-answer"
# A bare nn.Conv2d in question 3, as the notebook allows.
convLayer = nn.Conv2d(1, 6, 7, padding=3)
convLayer.weight.data, convLayer.bias.data = filters(6, 7), torch.zeros(6)
stimuli = torch.stack([grating(a) for a in range(-90, 91, 45)])[:, None]
with torch.inference_mode():
    convout = convLayer(stimuli).clone()
convout = convout.clone()

# %% name="plain_conv2d/q6-answer"
weights = convLayer.weight.detach()


# %% name="own_filters/q3-answer"
# The filters and gratings written out again.
def own_grating(angle):
    t = math.radians(angle)
    xx, yy = np.meshgrid(np.arange(0, 64) / 2.8, np.arange(0, 48) / 2.8)
    g = np.cos(xx * np.cos(t) + yy * np.sin(t))
    return torch.tensor(np.where(g < 0, -0.5, 0.5), dtype=torch.float32)


convLayer = ConvolutionalLayer(filters=filters())
stimuli = torch.stack([own_grating(a) for a in (-90, -45, 0, 45, 90)]).reshape(5, 1, 48, 64)
convout = convLayer(stimuli).detach()

# %% name="counted_by_torch/q4-answer"
# Counts read off tensors.
probe = nn.Conv2d(1, 6, 7, padding=3)
out = probe(torch.zeros(1, 1, 48, 64))
activations_per_channel = out[0, 0].numel()
conv_weights = probe.weight.numel()
conv_parameters = sum(p.numel() for p in probe.parameters())
fc_weights_one_unit_per_channel = 48 * 64 * 6
fc_weights_one_unit_per_activation = 48 * 64 * out.numel()

# %% name="counts_as_floats/q4-answer"
# Whole numbers that are floats.
activations_per_channel = 48.0 * 64.0
conv_weights = 7.0**2 * 6
conv_parameters = 3e2
fc_weights_one_unit_per_channel = 1.8432e4
fc_weights_one_unit_per_activation = (48 * 64) ** 2 * 6.0

# %% name="counts_as_tensors/q4-answer"
# NumPy and torch numbers.
H, W, K, c_out = np.int64(48), np.int64(64), np.int64(7), np.int64(6)
activations_per_channel = H * W
conv_weights = np.prod([K, K, 1, c_out])
conv_parameters = torch.tensor(int(conv_weights) + 6)
fc_weights_one_unit_per_channel = torch.tensor([18432])
fc_weights_one_unit_per_activation = np.array(18432) * 3072

# %% name="other_spelling/q5-answer"
# Capitals, spaces and British spelling.
channels_0_1 = "Centre Surround"
channels_2_5 = "Gabor"

# %% name="weights_from_state_dict/q6-answer"
# Weights out of the state_dict.
weights = convLayer.state_dict()["conv.weight"]

# %% name="weights_cloned/q6-answer"
# Weights cloned through .data.
weights = convLayer.conv.weight.data.clone()

# %% name="first_parameter/q6-answer"
# Weights as the first of the parameters.
weights = list(convLayer.parameters())[0].detach()


# %% name="mean_of_magnitudes/q7-answer"
# A complex cell: the mean of |response|.
class ComplexCell(nn.Module):
    def __init__(self, n_orientations=4, K=7):
        super().__init__()
        self.kernels = filters(n_orientations + 2, K)[2:]

    def forward(self, s):
        r = nn.functional.conv2d(s, self.kernels.to(s), padding=self.kernels.shape[-1] // 2)
        return r.abs().mean((2, 3))


# %% name="both_polarities/q7-answer"
# A complex cell: ReLU of both polarities, added up.
class ComplexCell(nn.Module):
    def __init__(self, n_orientations=4, K=7):
        super().__init__()
        self.kernels = filters(n_orientations + 2, K)[2:]

    def forward(self, s):
        r = nn.functional.conv2d(s, self.kernels.to(s), padding=self.kernels.shape[-1] // 2)
        return (r.relu() + (-r).relu()).sum((2, 3))


# %% name="root_of_energy/q7-answer"
# A complex cell: root mean square.
class ComplexCell(nn.Module):
    def __init__(self, n_orientations=4, K=7):
        super().__init__()
        self.kernels = filters(n_orientations + 2, K)[2:]

    def forward(self, s):
        r = nn.functional.conv2d(s, self.kernels.to(s), padding=self.kernels.shape[-1] // 2)
        return r.square().mean((2, 3)).sqrt()


# %% name="log_of_energy/q7-answer"
# A complex cell: the logarithm of one plus the energy.
class ComplexCell(nn.Module):
    def __init__(self, n_orientations=4, K=7):
        super().__init__()
        self.kernels = filters(n_orientations + 2, K)[2:]

    def forward(self, s):
        r = nn.functional.conv2d(s, self.kernels.to(s), padding=self.kernels.shape[-1] // 2)
        return torch.log1p(r.pow(2).sum((-1, -2)))


# %% name="pooled_by_module/q7-answer"
# A complex cell: adaptive pooling of rectified maps.
class ComplexCell(nn.Module):
    def __init__(self, n_orientations=4, K=7):
        super().__init__()
        self.kernels = filters(n_orientations + 2, K)[2:]

    def forward(self, s):
        r = nn.functional.conv2d(s, self.kernels.to(s), padding=self.kernels.shape[-1] // 2)
        return nn.AdaptiveAvgPool2d(1)(r.relu()).flatten(1)


# %% name="registered_buffer/q7-answer"
# A complex cell with a buffer, and no padding.
class ComplexCell(nn.Module):
    def __init__(self, n_orientations=4, K=7):
        super().__init__()
        self.register_buffer("gabors", filters(n_orientations + 2, K)[2:])

    def forward(self, s):
        return torch.conv2d(s, self.gabors).abs().flatten(2).sum(-1)


# %% name="layer_reused/q7-answer"
# A complex cell on the layer of question 2.
class ComplexCell(nn.Module):
    def __init__(self, n_orientations=4, K=7):
        super().__init__()
        self.simple = ConvolutionalLayer(1, n_orientations + 2, K, filters(n_orientations + 2, K))

    def forward(self, s):
        with torch.no_grad():
            return self.simple(s)[:, 2:].square().mean(dim=(-2, -1))


# %% name="no_gradients/q1-answer"
# Gradients are switched off for the whole notebook.
torch.set_grad_enabled(False)


def correlate2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    padded = nn.functional.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    out = torch.zeros(H, W)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel).sum()
    return out
