# %% [markdown] name="about"
# Mistakes.

# %% name="sum/mean-answer" loses="mean" diagnosis="sum_taken"
# Never divided.
def mean(values):
    return values.sum()


# %% name="weights_only/model-answer" loses="model"
# Biases forgotten.
model = torch.nn.Linear(3, 2)
answer = 6
