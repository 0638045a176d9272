//! A mock Kafka of librdkafka's, for machines that cannot fetch the real one: prints its address, and
//! stays until it is killed. Its messages are in memory only.

use rdkafka::mocking::MockCluster;
use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = MockCluster::new(1)?;
    println!("{}", cluster.bootstrap_servers());
    std::io::stdout().flush()?;
    loop {
        std::thread::park();
    }
}
