# Sourced by the scripts beside it: makes the project's own virtual environment from nothing but Python and git.
#
#   make_environment FOLDER runtime|dev|oldest    fills FOLDER and sets $venv_python
#
# Uses uv when it is there and the virtual environment's own pip otherwise; never touches the system's Python, so an
# "externally managed" one is fine. The second time it does nothing: a stamp in the environment remembers the
# Python and the pyproject.toml that it was made from.

# Hundreds of tests start the command: with its bytecode kept, each of them starts in half the time.
unset PYTHONDONTWRITEBYTECODE

say() { printf '%s\n' "$*" >&2; }

die() {
    say "error: $*"
    exit 1
}

# The first Python on this machine that is new enough: $PYTHON, then the usual names.
find_python() {
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    return 1
}

# Windows keeps the executables elsewhere.
executable_in() {
    if [ -d "$1/Scripts" ]; then
        printf '%s\n' "$1/Scripts/$2"
    else
        printf '%s\n' "$1/bin/$2"
    fi
}

create_with_uv() {
    if python=$(find_python); then
        uv venv --quiet --clear --python "$("$python" -c 'import sys; print(sys.executable)')" "$1"
    else
        uv venv --quiet --clear --python '>=3.11' "$1" # uv fetches a Python of its own
    fi
}

# Debian and Ubuntu split pip out of venv; each way round that is tried before the user is asked to do something.
create_with_pip() {
    python=$(find_python) || die "Python 3.11 or newer was not found. Install it, or name it: PYTHON=/path/to/python $0"
    "$python" -m venv --clear "$1" >/dev/null 2>&1 && return 0
    if "$python" -m venv --clear --without-pip "$1" >/dev/null 2>&1; then
        "$python" -m pip --python "$(executable_in "$1" python)" install --quiet pip >/dev/null 2>&1 && return 0
    fi
    "$python" -m virtualenv --quiet --clear "$1" >/dev/null 2>&1 && return 0
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing $package, which this Python needs to make virtual environments ..."
        apt-get install -y -qq "$package" >/dev/null 2>&1 ||
            { apt-get update -qq && apt-get install -y -qq "$package"; } >/dev/null 2>&1
        "$python" -m venv --clear "$1" && return 0
    fi
    rm -rf "$1"
    die "$python cannot make a virtual environment with pip in it. On Debian and Ubuntu: sudo apt install $package" \
        "(or install uv), then run $0 again."
}

install_into() {
    folder=$1 what=$2
    set --
    if [ "$what" = oldest ]; then
        # Its caller asks for success, which switches "set -e" off in here.
        "$venv_python" scripts/oldest_dependencies.py pyproject.toml >"$folder/oldest.txt" || return 1
        set -- --constraint "$folder/oldest.txt"
    fi
    if command -v uv >/dev/null 2>&1; then
        install() { uv pip install --quiet --python "$venv_python" "$@"; }
    else
        install() { "$venv_python" -m pip install --quiet --disable-pip-version-check "$@"; }
        # --group came with pip 25.1.
        install --upgrade 'pip>=25.1' || return 1
    fi
    if [ "$what" != runtime ]; then
        # Before the rest: an old pip that comes with that does not know groups.
        install --no-deps --group reference "$@" || return 1
        set -- --group dev "$@"
    fi
    install --editable . "$@"
}

make_environment() {
    folder=$PWD/$1 what=$2 # absolute: a Python found through a relative PATH does not know where it is
    venv_python=$(executable_in "$folder" python)
    state="$(cksum <pyproject.toml) $("$venv_python" -VV 2>/dev/null | tr '\n' ' ')"
    # What is installed for developers also serves those who only want to run it.
    for stamp in "$what" dev; do
        if [ "$what" != oldest ] || [ "$stamp" = oldest ]; then
            [ "$state" = "$(cat "$folder/stamp-$stamp" 2>/dev/null)" ] && return 0
        fi
    done

    if ! "$venv_python" -c '' >/dev/null 2>&1; then
        say "Making $folder ..."
        if command -v uv >/dev/null 2>&1; then create_with_uv "$folder"; else create_with_pip "$folder"; fi ||
            die "could not make $folder"
        venv_python=$(executable_in "$folder" python)
    fi
    say "Installing Understudy into $folder (once; about half a minute) ..."
    rm -f "$folder"/stamp-*
    install_into "$folder" "$what" || die "installation failed; see above. Run $0 again when it is mended."
    printf '%s\n' "$(cksum <pyproject.toml) $("$venv_python" -VV | tr '\n' ' ')" >"$folder/stamp-$what"
}
