// The gate itself: the only thing that our keys can start on the machine. Perl and its core modules, which every PVE has; it
// reads what is asked as JSON, looks at every word, and starts one program of its table by an array of words, never by a shell.
import { type GateSettings, verbsFor } from './table.ts';

const program = String.raw`#!/usr/bin/perl -T
# Written by Holdfast (holdfast install-gate). What is changed here by hand is replaced by the next installation.
use strict;
use warnings;
use JSON::PP;

my $asked = $ENV{SSH_ORIGINAL_COMMAND};
my ($role) = ($ARGV[0] // '') =~ /\A(observe|snap|copy)\z/;
%ENV = (PATH => '/usr/sbin:/usr/bin:/sbin:/bin', LANG => 'C.UTF-8', LVM_SUPPRESS_FD_WARNINGS => '1');
chdir '/' or exit 70;
$| = 1;

sub refuse { print STDERR "holdfast-gate-refused: $_[0]\n"; exit 77 }

refuse('this key is for no role of the gate') unless defined $role;
refuse('no shell, no terminal and no files are given here') unless defined $asked && length $asked;
refuse('too long') if length $asked > 120_000;
# What rsync says itself, when it is the program on the other side.
my $table = decode_json(do { local $/; <DATA> });
my $request = $role eq 'copy' && $asked =~ /\Arsync( [!-~]+)+\z/
  ? { verb => 'send-tree', words => [(split / /, $asked)[1 .. ($asked =~ tr/ //)]] }
  : eval { decode_json($asked) };
refuse('it is no request') unless ref $request eq 'HASH';
for my $key (keys %$request) { refuse('it is no request') unless $key =~ /\A(verb|args|words|begins|ends|run)\z/ }
my ($verb) = grep { defined $request->{verb} && !ref $request->{verb} && $_->{verb} eq $request->{verb} } @{$table->{verbs}};

# Stands as long as the connection does: its other end says every ten seconds that it is there.
if (!defined $verb && ($request->{verb} // '') eq 'keep') {
  my ($ready) = ($request->{args}[0] // '') =~ /\A(holdfast-keeps-[0-9a-f]{1,32})\z/ or refuse('it is no request');
  print "$ready\n";
  while (1) {
    my $bits = '';
    vec($bits, fileno(STDIN), 1) = 1;
    last if select($bits, undef, undef, 60) <= 0 || sysread(STDIN, my $beat, 64) <= 0;
  }
  exit 0;
}
my ($begins) = ($request->{begins} // '') =~ /\A(holdfast-begins-[0-9a-f]{16})\z/;
my ($ends) = ($request->{ends} // '') =~ /\A(holdfast-ends-[0-9a-f]{16})\z/;
sub title { open(my $file, '<', $_[0]) or return ''; local $/; return scalar(<$file>) // '' }
sub begin { if (defined $begins) { print "$begins\n"; print STDERR "$begins\n" } }

# Who settles a dead run must not do so while what it began goes on here: nothing of root's is killed, it is waited for.
if (!defined $verb && ($request->{verb} // '') eq 'wait') {
  my ($run) = ($request->{args}[0] // '') =~ /\A([A-Za-z0-9-]{1,60})\z/ or refuse('it is no request');
  begin();
  my @left;
  for (1 .. 100) {
    @left = grep { title($_) =~ /\Aholdfast-gate run \Q$run\E[\0 ]*\z/ } glob '/proc/[0-9]*/cmdline';
    last unless @left;
    select(undef, undef, undef, 0.2);
  }
  print scalar @left, "\n";
  print STDERR "$ends 0\n" if defined $ends;
  exit 0;
}
refuse('the gate has no verb of that name') unless defined $verb;
refuse("the verb $verb->{verb} is for the key $verb->{role}, and not for $role") unless $verb->{role} eq $role;

# Fixed words come from the table, the others from the request, each against its own pattern.
my @given = @{ref $request->{args} eq 'ARRAY' ? $request->{args} : []};
my $words = ref $request->{words} eq 'ARRAY' ? $request->{words} : undef;
my @made;
my $take = sub {
  my ($wanted) = @_;
  my $text = defined $words ? shift @$words : defined $wanted->{word} ? $wanted->{word} : shift @given;
  refuse("$verb->{verb}: an argument is missing") if !defined $text || ref $text;
  utf8::encode($text);
  refuse("$verb->{verb}: an argument is too long") if length $text > 8192;
  my $pattern = defined $wanted->{word} ? quotemeta $wanted->{word} : $wanted->{pattern};
  my ($clean) = $text =~ /\A((?:$pattern))\z/;
  refuse("$verb->{verb}: an argument is not as the table has it") unless defined $clean;
  push @made, $clean;
};
$take->($_) for @{$verb->{arguments}};
if (@{$verb->{repeated}}) {
  do { $take->($_) for @{$verb->{repeated}} } while @given;
}
refuse("$verb->{verb}: there are arguments too many") if @given || (defined $words && @$words);

if (($request->{run} // '') =~ /\A([A-Za-z0-9-]{1,60})\z/) {
  $ENV{HOLDFAST_RUN} = $1;
  $0 = "holdfast-gate run $1";
}
begin();
my ($path) = $verb->{program} =~ m{\A(/[\w/.-]+)\z} or refuse('its table is damaged');
my @program = ($verb->{sudo} ? ('/usr/bin/sudo', '-n', '--') : (), $path);
my $code = system { $program[0] } @program, @made;
$code = $code == -1 ? 127 : $code & 127 ? 128 + ($code & 127) : $code >> 8;
print STDERR "$ends $code\n" if defined $ends;
exit $code;
__DATA__
`;

/** Whole, as it is installed. */
export function gateScript(settings: GateSettings): string {
  const verbs = verbsFor(settings).map(({ role, verb, program: path, sudo, arguments: words, repeated }) => ({
    ...{ role, verb, program: path, sudo, arguments: words, repeated },
  }));
  return `${program}${JSON.stringify({ verbs }, null, 1)}\n`;
}
