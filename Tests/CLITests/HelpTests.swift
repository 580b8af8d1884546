import TelarStudies
import Testing

@Suite("Help")
struct HelpTests {
  private static let help = """
    OVERVIEW: Train convolutional networks on any OpenCL device, or on the CPU.

    EXAMPLES
      telar devices                             what there is, what is chosen
      telar study aldecoa case-1 case-3         with and without pre-training
      telar study --list                        all studies and experiments
      telar data photos --resize 64             a data set of your own
      telar train mine.toml                     experiments of your own
      telar find-lr mine.toml                   learning rates for them
      telar report runs/aldecoa                 what its runs came to, as a page
      telar evaluate best.safetensors           loss, accuracy, confusion matrix
      telar export best.safetensors --onnx FILE for other programs
      telar explain brunello-ae-1               its layers and their kernels
      telar bench train --net brunello-ae-1     images per second
      telar doctor                              are drivers and devices sound?
      telar parity --device opencl:0            is the driver right?

    EXIT CODES
      0        done
      1        a check failed, or the loss is not finite
      64       wrong usage
      65, 66   bad data; input missing
      69, 70   no such device; driver or internal error
      73, 74   output cannot be created; input or output failed
      75       stopped by SIGUSR1 or SIGUSR2; --resume goes on
      130, 143 ended by a signal

    USAGE: telar <subcommand>

    OPTIONS:
      --version               Show the version.
      -h, --help              Show help information.

    SUBCOMMANDS:
      devices                 List the devices that there are, and the one that
                              would be chosen.
      study                   Run the experiments of a study and hold the results
                              against its claims.
      train                   Run the experiments of a recipe, a comparison of your
                              own.
      find-lr                 Try learning rates on the experiments of a recipe.
      data                    Say what there is in a data set.
      report                  Write what runs came to as a page, and as a summary
                              for a repository.
      evaluate                Measure the network of a checkpoint on the data set.
      predict                 Say what a classifier takes images for.
      reconstruct             Show what an autoencoder makes of images.
      export                  Write the network of a checkpoint for other programs.
      conformance             Check a device against golden cases computed
                              elsewhere.
      parity                  Hold every operator of one device against another's.
      doctor                  Check the drivers and devices of this machine.
      bench                   Measure how fast a device trains and multiplies.
      tune                    Search for the fastest kernels for the shapes of
                              networks, and remember them.
      explain                 Show a network layer by layer, and the kernels that a
                              device runs for it.

      See 'telar help <subcommand>' for detailed help.

    """

  @Test func `telar by itself shows what it can do`() throws {
    let bare = try Telar.run()
    let asked = try Telar.run("--help")
    #expect(bare.status == 0 && asked.status == 0)
    #expect(bare.out == asked.out)
    #expect(asked.error.isEmpty)
    #expect(asked.out == Self.help)
  }

  private static let studyHelp = """
    OVERVIEW: Run the experiments of a study and hold the results against its
    claims.

    Each experiment and seed has a folder, STUDY/EXPERIMENT/seed-N under --out,
    with settings (run.json), metrics (metrics.jsonl, metrics.csv, TensorBoard
    events), the trained network (last.safetensors, best.safetensors), its results
    (result.json) and figures. A run that is there already is not made again, and
    never replaced without --overwrite. Ctrl-C ends a run after the step under way;
    --resume goes on with it.

    Progress is on standard error, results are on standard output. With --json
    there is one object a line: one when a run begins, resumes, is there already,
    ends or fails, one an epoch, and in the end one a claim. When nobody reads them
    any more, or their disk is full, the runs go on and are saved; the exit code is
    then 74.

    EXAMPLES
      telar study aldecoa case-1 case-2 case-3 case-4 --epochs 3
      telar study brunello ae-1 --device opencl:0 --seeds 3
      telar study molina open --seeds 5
      telar study molina --resume
      telar study aldecoa --list
      telar study aldecoa n64-p0.2 --print-recipe > mine.toml

    USAGE: telar study [<options>] [<study>] [<experiment> ...]

    ARGUMENTS:
      <study>                 The study: aldecoa, borgnino, brunello, manolucos,
                              molina.
      <experiment>            Experiments of the study, or groups such as open; all
                              of the text's own when none is named.

    OPTIONS:
      --list                  List the experiments and what is claimed of them, and
                              run nothing.
      --print-recipe          Print the experiments as a recipe for telar train,
                              under the other options, and run nothing.
      --device <name>         Where to compute: auto, cpu, cpu:avx2 and the like,
                              opencl, opencl:N, or part of a device's name.
                              (default: auto)
      --threads <count>       Threads of the CPU, and of OpenCL drivers that allow
                              it.
      --data <path>           Images to use, of a format that telar data knows. By
                              default Fashion-MNIST, from $FASHION_MNIST_DIR or
                              /usr/share/datasets/fashion-mnist.
      --allow-other-data      Accept 28 × 28 images in ten classes that are not
                              Fashion-MNIST's.
      --epochs <count>        Epochs of every experiment; by default as many as it
                              has.
      --batch-size <count>    Images a batch in every experiment; by default as it
                              has.
      --seeds <count>         Run each experiment with this many seeds, from 0;
                              verdicts take two at least.
      --subset <count>        Train on this many of the first training images only.
      --curve-images <count>  Measure the training curve on this many of the first
                              training images, by default 10,000.
      --out <folder>          Where the results go. (default: runs)
      --resume                Go on with runs that have not ended.
      --overwrite             Replace runs that are there; with --resume, only
                              those with other settings.
      --jobs <count>          Make this many runs at once, each in a process with
                              its share of the threads; auto: one for each core of
                              a processor, one on other devices. (default: 1)
      --shard <K/N>           Make the K-th of N parts of the runs only, for arrays
                              of jobs on a cluster; auto: as SLURM_ARRAY_TASK_ID
                              says.
      --json                  Print results as JSON, one object a line.
      -q, --quiet             Print results and errors only.
      --profile               Print how long each kernel took.
      --against <file>        Hold the results against runs on record, a file of
                              JSON lines with experiment, seed, epoch, val_loss and
                              val_accuracy. Experiments, epochs and three seeds are
                              as there, unless given.
      --version               Show the version.
      -h, --help              Show help information.


    """

  @Test func `study explains its arguments`() throws {
    let help = try Telar.run("study", "--help")
    #expect(help.status == 0)
    #expect(help.out == Self.studyHelp)
  }

  @Test(
    arguments: [
      ["devices"], ["study"], ["train"], ["find-lr"], ["data"], ["report"], ["evaluate"], ["predict"], ["reconstruct"],
      ["export"],
      ["conformance"], ["parity"], ["bench"], ["bench", "train"], ["bench", "gemm"], ["bench", "ops"],
      ["bench", "compare"],
    ])
  func `every command has help`(command: [String]) throws {
    let help = try Telar.run(command + ["--help"])
    #expect(help.status == 0)
    #expect(help.out.hasPrefix("OVERVIEW: "))
    #expect(help.out.contains("USAGE: telar \(command.joined(separator: " "))"))
    #expect(help.error.isEmpty)
    #expect(try Telar.run(["help"] + command).out == help.out)
  }

  @Test func `the version is three numbers`() throws {
    let version = try Telar.run("--version")
    #expect(version.status == 0)
    #expect(version.out.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
  }

  @Test func `the list has every experiment and runs nothing`() throws {
    let list = try Telar.run("study", "--list")
    #expect(list.status == 0)
    #expect(list.outLines.count == Study.all.reduce(0) { $0 + 1 + $1.experiments.count + $1.comparisons.count })
    #expect(
      list.out.contains(
        "  case-2     pre-trained encoder, head only; Adam 0.001 on cross entropy; batch 100; 15 epochs; pixels 0 to 1; stops "
          + "early after 3; pre-trained by n64-p0.1; encoder frozen; claimed: val accuracy about 80.00 %, val loss falls\n"
      ))
    #expect(list.out.contains("pixels 0 to 1; the last 10000 training images validate; claimed: "))
    #expect(list.out.contains("Adam 0.001 on mean squared error; batch 100; 30 epochs; pixels -1 to 1; claimed: "))
    let json = try Telar.run("study", "brunello", "--list", "--json")
    #expect(json.outLines.count == Study.brunello.experiments.count)
    #expect(json.outLines[0].hasPrefix(#"{"experiment":"brunello/ae-1","summary":"channels 32-64","epochs":100,"#))
  }
}
