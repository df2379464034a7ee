# %% name="mean-answer"
def mean(values):
    """Return the mean of a vector."""
    return values.sum() / len(values)


# %% name="model-answer"
model = torch.nn.Linear(3, 2)
answer = 8

# %% name="why-answer"
word = "mean"

# %% [markdown] name="why-written"
# Because it says so.
