# SPDX-License-Identifier: Apache-2.0
"""Module → (hook file, function) rows: the function is called with the module right after it was loaded.

Adding a hook is one file and one row. A row for a module that never loads costs nothing; a function that does not find
what it looks for counts a loss and leaves the module as it is.
"""

REGISTRY = {
    # PyTorch's DataLoader: workers, fetchers, the pinning thread, the consumer.
    "torch.utils.data._utils.worker": (("_worker", "install"),),
    "torch.utils.data._utils.fetch": (("_fetch", "install"),),
    "torch.utils.data._utils.pin_memory": (("_pin", "install"),),
    "torch.utils.data.dataloader": (("_dataloader", "install"),),
    # torchdata's StatefulDataLoader has its own worker loop and iterators, and uses torch's fetchers.
    "torchdata.stateful_dataloader.worker": (("_worker", "install"),),
    "torchdata.stateful_dataloader.stateful_dataloader": (("_dataloader", "install_derived"),),
    # Steps.
    "torch.optim.optimizer": (("_optimizer", "install"),),
    "torch.cuda.amp.grad_scaler": (("_optimizer", "install_scaler"),),
    "torch.amp.grad_scaler": (("_optimizer", "install_scaler"),),
    "torch.compiler": (("_compiling", "install"),),
    "torch._dynamo.trace_rules": (("_compiling", "install_skip"),),
    "torch.autograd": (("_backward", "install"),),
    "torch.nn.modules.module": (("_forward", "install"),),
    "torch.profiler.profiler": (("_profiler", "install"),),
    "torch.autograd.profiler": (("_profiler", "install_autograd"),),
    # Checkpoints.
    "torch.serialization": (("_checkpoint", "install_serialization"),),
    "torch.distributed.checkpoint.state_dict_saver": (("_checkpoint", "install_distributed"),),
    "torch.distributed.checkpoint.state_dict_loader": (("_checkpoint", "install_distributed"),),
    "safetensors.torch": (("_checkpoint", "install_safetensors"),),
    "safetensors.numpy": (("_checkpoint", "install_safetensors"),),
    # Opens the door only; the hooks hang on the modules above.
    "torch": (),
    "jax": (),
    "tensorflow": (),
    # Other data iterators: "the main thread was in next()".
    "webdataset.pipeline": (("_iterators", "install"),),
    "datasets.arrow_dataset": (("_iterators", "install"),),
    "datasets.iterable_dataset": (("_iterators", "install"),),
    "torchdata.nodes.base_node": (("_iterators", "install"),),
    "streaming.base.dataset": (("_iterators", "install"),),
    "grain._src.python.data_loader": (("_iterators", "install"),),
    "tensorflow.python.data.ops.iterator_ops": (("_iterators", "install"),),
    "nvidia.dali.plugin.base_iterator": (("_iterators", "install"),),
}
