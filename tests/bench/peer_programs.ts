/** The peers that hillmix is measured against, how to start them and how to get them. */
import { type PeerProgram, scriptPath } from "./peer_process.ts";

/** Names the Python that has NumPyro; `python3` from the PATH without it. */
const PYTHON_VARIABLE = "HILLMIX_PYTHON";

/** Stan, through R: a script of `stan/` and its options. */
export function stanProgram(script: string, words: readonly string[] = []): PeerProgram {
  return {
    title: "Stan",
    program: "Rscript",
    words: [scriptPath(`stan/${script}`), ...words],
    install: "apt-get install r-base-core r-cran-rstan r-cran-jsonlite libboost-dev; " +
      "mkdir -p /usr/lib/R/site-library/BH; ln -sfn /usr/include /usr/lib/R/site-library/BH/include",
  };
}

/** NumPyro, a fit. */
export function numpyroProgram(): PeerProgram {
  return {
    title: "NumPyro",
    program: Deno.env.get(PYTHON_VARIABLE) ?? "python3",
    words: ["-B", scriptPath("numpyro/fit.py")], // -B: no byte code beside the sources
    install:
      `python3 -m venv numpyro; numpyro/bin/pip install numpyro; export ${PYTHON_VARIABLE}=$PWD/numpyro/bin/python`,
  };
}
