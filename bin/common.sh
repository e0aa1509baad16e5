# What the scripts here share; they source it and have a function fail. Works with the bash 3.2 of macOS.

# The feature version of a java program: 25 for 25.0.1; 0 if it is none.
java_version() {
    local version
    version=$("$1" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1) || true
    echo "${version:-0}"
}

find_java() {
    local candidate
    for candidate in \
        "${JAVA_HOME:-/nowhere}/bin/java" \
        "$(command -v java || true)" \
        /usr/lib/jvm/*/bin/java \
        "$(/usr/libexec/java_home -v 25+ 2>/dev/null || true)/bin/java" \
        /Library/Java/JavaVirtualMachines/*/Contents/Home/bin/java \
        "${HOME:-/nowhere}"/.sdkman/candidates/java/*/bin/java \
        "${HOME:-/nowhere}"/.jdks/*/bin/java; do
        if [ -x "$candidate" ] && [ "$(java_version "$candidate")" -ge 25 ]; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

boot_jar=command-processor/target/command-processor-boot.jar
rebuilder_jar=cache-rebuilder/target/cache-rebuilder-boot.jar
saga_jar=saga-manager/target/saga-manager-boot.jar
stamp=target/quickstart-built

# The newest jar of a module; nothing if there is none.
jar_of() {
    ls -t "$1"/target/"$2"-[0-9]*.jar 2>/dev/null | grep -v -e -sources -e -tests -e -javadoc | head -n 1
}

# Whether a file is there and no source is newer than it.
is_current() {
    [ -f "$1" ] && [ -z "$(find pom.xml cache-rebuilder command-processor local saga-manager shared-domain \
        \( -name target -o -path '*/src/test' \) -prune -o -type f -newer "$1" -print 2>/dev/null | head -n 1)" ]
}

is_built() {
    local samples library
    samples=$(jar_of shared-domain/samples hive-samples) || return 1
    library=$(jar_of local hive-local) || return 1
    [ -f "$boot_jar" ] && [ -f "$rebuilder_jar" ] && [ -f "$saga_jar" ] && [ -d local/target/lib ] || return 1
    # a module without changes keeps its old jar through a build: the stamp tells when the last one was
    is_current "$stamp" || {
        is_current "$boot_jar" && is_current "$rebuilder_jar" && is_current "$saga_jar" && is_current "$samples" &&
            is_current "$library"
    }
}

build() {
    mkdir -p target
    touch "$stamp.begun"
    # the wrapper wants a java of its own: any from 17 will do, so the user's is left alone where there is one
    if ! command -v java >/dev/null || { [ -n "${JAVA_HOME:-}" ] && [ ! -x "$JAVA_HOME/bin/java" ]; }; then
        JAVA_HOME=${java%/bin/java}
        export JAVA_HOME
    fi
    echo "Building, which takes a minute or two the first time"
    # neither tests nor style: whoever tries something out wants to see it run
    ./mvnw -q -B -ntp -T2 -pl '!helm' -Dmaven.test.skip=true -Dformatter.skip package >"$stamp.log" 2>&1 || {
        cat "$stamp.log" >&2
        fail "the build failed"
    }
    mv "$stamp.begun" "$stamp"
}

# Goes to the project's directory, finds a Java and builds what is not built; sets home, java, library and samples. Back
# where the user is at the end: files in options are meant from there.
prepare() {
    local here=$PWD
    cd "$(dirname "$0")/.."
    home=$PWD
    java=$(find_java) || fail "no Java 25 or newer found: install one, or let JAVA_HOME name it"
    is_built || build
    library=$home/$(jar_of local hive-local)
    samples=$home/$(jar_of shared-domain/samples hive-samples)
    cd "$here"
}

# Runs a main class of the module local with options of the JVM before it and arguments behind it; ends with its exit code.
# In a process group of its own (set -m): a Ctrl-C reaches this script alone, which asks for an end in good order.
run() {
    set -m
    "$java" -XX:+ExitOnOutOfMemoryError -Dhive.home="$home" -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
        -cp "$library:$home/local/target/lib/*" "$@" </dev/null &
    pid=$!
    ended_by=
    trap 'ended_by=130; kill -TERM $pid 2>/dev/null || true' INT
    trap 'ended_by=143; kill -TERM $pid 2>/dev/null || true' TERM HUP
    local code=0
    while :; do
        wait $pid && code=0 || code=$?
        kill -0 $pid 2>/dev/null || break
    done
    exit "${ended_by:-$code}"
}
