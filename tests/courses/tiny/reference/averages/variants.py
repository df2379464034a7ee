# %% [markdown] name="about"
# Right answers by other routes.

# %% name="method/mean-answer"
# The tensor's own mean.
def mean(values):
    return values.mean()


# %% name="sequential/model-answer"
# Two layers with as many parameters as are counted.
model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
answer = sum(p.numel() for p in model.parameters())
